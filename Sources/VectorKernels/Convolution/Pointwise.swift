import CPrefetch
import Kernels

/// 1x1 filters with stride 1 and no padding: products of pixels, which are read where they lie.
enum Pointwise: ConvolutionAlgorithm {
  static var name: String { "in place" }

  static func scratch(_ geometry: WindowGeometry, together shards: Shards) -> Int {
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    return max(
      RowProducts.scratch(inner: inputs, columns: outputs),
      RowProducts.scratch(inner: outputs, columns: inputs), parameterScratch(geometry, together: shards))
  }

  static func forward(
    _ geometry: WindowGeometry, batch: Int, x: Source, weight: Source, bias: Source?, activation: Activation,
    into y: Target, scratch: Target
  ) {
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    let products = RowProducts(
      a: x, stride: inputs, rows: batch * geometry.positions, inner: inputs, columns: outputs,
      scratch: scratch)
    products.write(
      Activated(
        y: y, stride: geometry.outputStride, bias: bias,
        floor: Vector(repeating: activation == .relu ? 0 : -.infinity))
    ) { blocks, channels in
      blocks.read(weight + channels.lowerBound, rows: inputs, columns: channels.count, stride: outputs)
    }
  }

  static func inputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Source, weight: Source, into dx: Target, adding: Bool,
    gate: Source?, scratch: Target
  ) {
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    let products = RowProducts(
      a: dy, stride: geometry.outputStride, rows: batch * geometry.positions, inner: outputs, columns: inputs,
      scratch: scratch)
    func read(_ blocks: BlockMatrix, _ channels: Range<Int>) {
      blocks.readTransposed(
        weight + channels.lowerBound * outputs, rows: outputs, columns: channels.count, stride: outputs)
    }
    if let gate {
      products.write(Gated(dx: dx, gate: gate, stride: inputs, adding: adding), read)
    } else {
      products.write(Added(dx: dx, stride: inputs, adding: adding), read)
    }
  }
}

/// y = activation(sum + bias).
private struct Activated: ProductResult {
  let y: Target
  let stride: Int
  let bias: Source?
  let floor: Vector

  @inline(__always)
  func request(_ row: Int, _ column: Int) { prefetchForWriting(y + row * stride + column) }

  @inline(__always)
  func write(_ sum: Vector, _ row: Int, _ column: Int, left: Int) {
    var sum = sum
    if let bias { sum += load(bias + column, left: left) }
    sum.replace(with: floor, where: sum .< floor)
    store(sum, y + row * stride + column, left: left)
  }
}

/// dx = sum, or += where it is added.
private struct Added: ProductResult {
  let dx: Target
  let stride: Int
  let adding: Bool

  @inline(__always)
  func request(_ row: Int, _ column: Int) { prefetchForWriting(dx + row * stride + column) }

  @inline(__always)
  func write(_ sum: Vector, _ row: Int, _ column: Int, left: Int) {
    let target = dx + row * stride + column
    store(adding ? sum + load(target, left: left) : sum, target, left: left)
  }
}

/// As ``Added``, but 0 where what a ReLU computed is 0.
private struct Gated: ProductResult {
  let dx: Target
  let gate: Source
  let stride: Int
  let adding: Bool

  @inline(__always)
  func request(_ row: Int, _ column: Int) {
    prefetchForWriting(dx + row * stride + column)
    prefetchForReading(gate + row * stride + column)
  }

  @inline(__always)
  func write(_ sum: Vector, _ row: Int, _ column: Int, left: Int) {
    let place = row * stride + column
    let passes = load(gate + place, left: left) .> Vector()
    let sum = adding ? sum + load(dx + place, left: left) : sum
    store(Vector().replacing(with: sum, where: passes), dx + place, left: left)
  }
}

extension BlockMatrix {
  /// Copies the first rows and columns of a matrix whose rows lie `stride` floats apart; zeros behind the last column.
  fileprivate func read(_ source: Source, rows: Int, columns: Int, stride: Int) {
    forEachVector(columns) { column, left in
      let target = block(at: column)
      for row in 0..<rows { store(load(source + row * stride + column, left: left), target + row * lanes) }
    }
  }

  /// Copies the transpose of a matrix: its first columns as `rows`, and its rows as `columns`.
  fileprivate func readTransposed(_ source: Source, rows: Int, columns: Int, stride: Int) {
    forEachVector(columns) { column, left in
      forEachVector(rows) { row, rest in
        transpose(
          source + column * stride + row, rows: min(lanes, left), columns: min(lanes, rest), stride: stride,
          into: block(at: column) + row * lanes)
      }
    }
  }
}
