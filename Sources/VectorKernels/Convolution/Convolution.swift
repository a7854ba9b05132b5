import Kernels

/// One way to compute a convolution and its gradients; the arguments are those of ``KernelSet``.
protocol ConvolutionAlgorithm {
  /// For reports.
  static var name: String { get }

  /// For a batch, or a smaller one.
  static func scratch(_ geometry: WindowGeometry, batch: Int) -> Int

  static func forward(
    _ geometry: WindowGeometry, batch: Int, x: Source, weight: Source, bias: Source?, activation: Activation,
    into y: Target, scratch: Target)

  static func inputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Source, weight: Source, into dx: Target, adding: Bool,
    gate: Source?, scratch: Target)

  static func parameterGradients(
    _ geometry: WindowGeometry, batch: Int, x: Source, dy: Source, weight dw: Target, bias db: Target?,
    scratch: Target)
}

extension ConvolutionAlgorithm {
  /// For all samples of shards, or fewer in each.
  static func scratch(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    padded(scratch(geometry, batch: shards.samples)) + places(geometry, shards)
  }

  private static func places(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    VectorKernels.shardScratch(
      shards, weights: geometry.patch * geometry.output.channels, biases: geometry.output.channels)
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, _ shards: Shards, x: Source, dy: Source, weight dw: Target, bias db: Target?,
    scratch: Target
  ) {
    let outputs = geometry.output.channels
    VectorKernels.addShards(
      shards, weight: dw, weights: geometry.patch * outputs, bias: db, biases: outputs, scratch: scratch
    ) { shard, dw, db in
      parameterGradients(
        geometry, batch: shard.samples.count, x: x + shard.samples.lowerBound * geometry.input.count,
        dy: dy + shard.samples.lowerBound * geometry.positions * geometry.outputStride, weight: dw, bias: db,
        scratch: scratch + places(geometry, shards))
    }
  }
}

extension VectorKernels {
  /// The fastest algorithm for a shape. The batch has no say, so that an image's bits do not depend on what is beside it.
  static func algorithm(_ geometry: WindowGeometry) -> any ConvolutionAlgorithm.Type {
    let isDense =
      geometry.stride == 1 && geometry.padding < geometry.kernel && geometry.input.channels >= lanes
      && geometry.output.channels >= lanes
    guard isDense else { return DirectConvolution.self }
    switch (geometry.kernel, max(geometry.output.height, geometry.output.width)) {
    case (1, _) where geometry.padding == 0: return Pointwise.self
    case (3, 3...):
      let isBetterByThrees =
        min(geometry.output.height, geometry.output.width) >= Winograd3x3.outputs
        && Winograd3x3.products(geometry.output) < Winograd4x3.products(geometry.output)
      return isBetterByThrees ? Winograd3x3.self : Winograd4x3.self
    case (3, 2): return Winograd2x3.self
    case (5, 2...): return Winograd2x5.self
    default: return DirectConvolution.self
    }
  }

  public static func convolutionAlgorithm(_ geometry: WindowGeometry) -> String { algorithm(geometry).name }

  public static func convolutionScratch(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    algorithm(geometry).scratch(geometry, shards)
  }

  public static func convolve(
    _ geometry: WindowGeometry, batch: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats
  ) {
    algorithm(geometry).forward(
      geometry, batch: batch, x: x, weight: weight, bias: bias, activation: activation, into: y,
      scratch: scratch)
  }

  public static func convolutionInputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, weight: Floats, into dx: MutableFloats, adding: Bool,
    gate: Floats?, scratch: MutableFloats
  ) {
    algorithm(geometry).inputGradient(
      geometry, batch: batch, dy: dy, weight: weight, into: dx, adding: adding,
      gate: gate, scratch: scratch)
  }

  public static func convolutionParameterGradients(
    _ geometry: WindowGeometry, _ shards: Shards, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats
  ) {
    algorithm(geometry).parameterGradients(
      geometry, shards, x: x, dy: dy, weight: dw, bias: db, scratch: scratch)
  }
}
