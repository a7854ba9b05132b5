import Kernels
import Tensors

/// One way to compute a convolution and its gradients; the arguments are those of ``KernelSet``.
///
/// Gradients of parameters are added up in the tree of shards. Where the filters are large and a shard is small, most of the time
/// would go into writing and adding up whole gradients: there a few shards go together, and the tree is built block by block, in
/// the first-level cache.
protocol ConvolutionAlgorithm {
  /// For reports.
  static var name: String { get }

  /// Floats that all but the sums of whole groups of shards take: for the samples of shards, or fewer in each.
  static func scratch(_ geometry: WindowGeometry, together shards: Shards) -> Int

  static func forward(
    _ geometry: WindowGeometry, batch: Int, x: Source, weight: Source, bias: Source?, activation: Activation,
    into y: Target, scratch: Target)

  static func inputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Source, weight: Source, into dx: Target, adding: Bool,
    gate: Source?, scratch: Target)

  /// How many neighbouring shards' gradients are added up before they are written: a power of two, of which `shards` are a multiple.
  static func shardsTogether(_ geometry: WindowGeometry, _ shards: Shards) -> Int

  /// Of as many shards as go together, or fewer.
  static func parameterGradients(
    _ geometry: WindowGeometry, together shards: Shards, x: Source, dy: Source, weight dw: Target,
    bias db: Target?,
    scratch: Target)
}

extension ConvolutionAlgorithm {
  /// For the samples of shards, or fewer in each.
  static func scratch(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    places(geometry, groups: groups(geometry, shards)) + scratch(geometry, together: shards)
  }

  private static func groups(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    shards.count / shardsTogether(geometry, shards)
  }

  /// Floats of the sums that wait for their neighbours.
  private static func places(_ geometry: WindowGeometry, groups: Int) -> Int {
    VectorKernels.treeScratch(
      groups, weights: geometry.patch * geometry.output.channels, biases: geometry.output.channels)
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, _ shards: Shards, x: Source, dy: Source, weight dw: Target, bias db: Target?,
    scratch: Target
  ) {
    let outputs = geometry.output.channels
    let groups = groups(geometry, shards)
    let places = places(geometry, groups: groups)
    VectorKernels.addTree(
      groups, weight: dw, weights: geometry.patch * outputs, bias: db, biases: outputs, scratch: scratch
    ) { index, dw, db in
      let group = shards.part(index, of: groups)
      let first = group.start - shards.start
      parameterGradients(
        geometry, together: group, x: x + first * geometry.input.count,
        dy: dy + first * geometry.positions * geometry.outputStride, weight: dw, bias: db,
        scratch: scratch + places)
    }
  }
}

extension VectorKernels {
  /// Of the algorithms whose forward rounds little enough, the fastest for a shape. The batch has no say, so that an image's bits do
  /// not depend on what is beside it.
  static func algorithm(_ geometry: WindowGeometry) -> any ConvolutionAlgorithm.Type {
    // Half of a vector is enough for tiles of 3x3; measured.
    let isTiled = geometry.kernel == 3 && geometry.stride == 1
    let isDense =
      geometry.padding < geometry.kernel && geometry.input.channels >= (isTiled ? lanes / 2 : lanes)
      && geometry.output.channels >= lanes
    guard isDense else { return DirectConvolution.self }
    guard geometry.stride == 1 else {
      return StridedWinograd3x3.pays(geometry) ? StridedWinograd3x3.self : DirectConvolution.self
    }
    switch (geometry.kernel, max(geometry.output.height, geometry.output.width)) {
    case (1, _) where geometry.padding == 0: return Pointwise.self
    case (3, 3) where PaddedWinograd3x3.fits(geometry): return PaddedWinograd3x3.self
    case (3, 3...):
      let threes = isBetterByThrees(geometry.output)
      let bySixes = Winograd6x3.pays(
        geometry, beside: threes ? Winograd3x3.products : Winograd4x3.products)
      switch (threes, bySixes) {
      case (false, false): return Winograd4x3.self
      case (false, true): return Winograd4x3BySixes.self
      case (true, false): return Winograd3x3.self
      case (true, true): return Winograd3x3BySixes.self
      }
    case (3, 2) where PaddedWinograd2x3.fits(geometry): return PaddedWinograd2x3.self
    case (3, 2): return Winograd2x3.self
    case (5, 3) where PaddedWinograd3x5.fits(geometry): return PaddedWinograd3x5.self
    case (5, 2...):
      return Winograd4x5.products(geometry.output) < Winograd2x5.products(geometry.output)
        ? Winograd4x5.self : Winograd2x5.self
    default: return DirectConvolution.self
    }
  }

  private static func isBetterByThrees(_ map: Shape) -> Bool {
    min(map.height, map.width) >= Winograd3x3.outputs
      && Winograd3x3.products(map) < Winograd4x3.products(map)
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
