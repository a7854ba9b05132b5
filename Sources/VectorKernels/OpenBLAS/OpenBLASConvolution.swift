import Kernels

/// Convolutions as products of gathered windows (im2col), some rows of an image at a time.
extension OpenBLASKernels {
  public static func convolutionAlgorithm(_ geometry: WindowGeometry) -> String { "OpenBLAS" }

  public static func convolutionScratch(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    padded(GatheredRows(geometry).rows * geometry.output.width * geometry.patch)
      + shardScratch(
        shards, weights: geometry.patch * geometry.output.channels, biases: geometry.output.channels)
  }

  public static func convolve(
    _ geometry: WindowGeometry, batch: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats
  ) {
    let (outputs, stride) = (geometry.output.channels, geometry.outputStride)
    GatheredRows(geometry).forEach(batch) { part in
      part.gather(x, into: scratch)
      let y = y + part.first * stride
      BLAS.multiply(
        rows: part.positions, columns: outputs, inner: geometry.patch, .init(scratch), .init(weight), into: y,
        stride: stride)
      addBias(bias, activation, to: y, rows: part.positions, columns: outputs, stride: stride)
    }
  }

  public static func convolutionInputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, weight: Floats, into dx: MutableFloats, adding: Bool,
    gate: Floats?, scratch: MutableFloats
  ) {
    let (outputs, stride) = (geometry.output.channels, geometry.outputStride)
    if !adding { clear(dx, count: batch * geometry.input.count) }
    GatheredRows(geometry).forEach(batch) { part in
      BLAS.multiply(
        rows: part.positions, columns: geometry.patch, inner: outputs,
        .init(dy + part.first * stride, stride: stride), .init(weight, transposed: true), into: scratch)
      part.scatter(scratch, into: dx)
    }
    if let gate { reluGradient(dx, y: gate, into: dx, count: batch * geometry.input.count) }
  }

  public static func convolutionParameterGradients(
    _ geometry: WindowGeometry, _ shards: Shards, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats
  ) {
    let (outputs, stride) = (geometry.output.channels, geometry.outputStride)
    let places = shardScratch(shards, weights: geometry.patch * outputs, biases: outputs)
    addShards(
      shards, weight: dw, weights: geometry.patch * outputs, bias: db, biases: outputs, scratch: scratch
    ) { shard, dw, db in
      let (x, windows) = (x + shard.samples.lowerBound * geometry.input.count, scratch + places)
      let dy = dy + shard.samples.lowerBound * geometry.positions * stride
      GatheredRows(geometry).forEach(shard.samples.count) { part in
        part.gather(x, into: windows)
        let dy = dy + part.first * stride
        BLAS.multiply(
          rows: geometry.patch, columns: outputs, inner: part.positions, .init(windows, transposed: true),
          .init(dy, stride: stride), into: dw, accumulate: true)
        if let db { Columns.addSums(dy, rows: part.positions, columns: outputs, stride: stride, into: db) }
      }
    }
  }
}

/// Output rows of one image whose windows are gathered together.
private struct GatheredRows {
  /// Floats of gathered windows that are aimed at.
  private static let floats = 1 << 19

  let geometry: WindowGeometry
  /// Output rows at most.
  let rows: Int
  /// This part's image, first row and rows.
  private var image = 0
  private var row = 0
  private var count = 0

  init(_ geometry: WindowGeometry) {
    self.geometry = geometry
    rows = max(1, min(geometry.output.height, Self.floats / (geometry.output.width * geometry.patch)))
  }

  /// Output positions of the part, and how many come before it.
  var positions: Int { count * geometry.output.width }
  var first: Int { (image * geometry.output.height + row) * geometry.output.width }

  func forEach(_ batch: Int, _ body: (GatheredRows) -> Void) {
    var part = self
    for image in 0..<batch {
      for row in stride(from: 0, to: geometry.output.height, by: rows) {
        (part.image, part.row, part.count) = (image, row, min(rows, geometry.output.height - row))
        body(part)
      }
    }
  }

  /// Windows, one a row of `patch` floats; zeros where they leave the image.
  func gather(_ x: Source, into windows: Target) {
    clear(windows, count: positions * geometry.patch)
    forEachRun { pixel, place, count in copy(x + pixel, to: windows + place, count: count) }
  }

  /// The transpose of ``gather(_:into:)``: adds windows to the image.
  func scatter(_ windows: Source, into x: Target) {
    forEachRun { pixel, place, count in
      let (source, target) = (windows + place, x + pixel)
      forEachVector(count) { index, left in
        store(
          load(target + index, left: left) + load(source + index, left: left), target + index, left: left)
      }
    }
  }

  /// Calls `body` with every row of every window, cut to the image: where it begins in the batch and in the windows, and its
  /// floats.
  @inline(__always)
  private func forEachRun(_ body: (_ pixel: Int, _ place: Int, _ count: Int) -> Void) {
    let (input, kernel, channels) = (geometry.input, geometry.kernel, geometry.input.channels)
    var window = 0
    for y in row..<row + count {
      for x in 0..<geometry.output.width {
        let left = x * geometry.stride - geometry.padding
        let (first, last) = (max(0, -left), min(kernel, input.width - left))
        for tap in 0..<kernel where last > first {
          let line = y * geometry.stride - geometry.padding + tap
          guard line >= 0, line < input.height else { continue }
          body(
            ((image * input.height + line) * input.width + left + first) * channels,
            window + (tap * kernel + first) * channels, (last - first) * channels)
        }
        window += geometry.patch
      }
    }
  }
}
