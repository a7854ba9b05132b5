import Kernels
import Tensors

/// A network's gradients as one thread reads them: rows of those that come from factors are multiplied where they are read.
final class NetworkGradients: GradientSource {
  private unowned let lanes: Lanes
  private let flat: FloatBuffer
  private let factors: [GradientFactors]
  private let rows: FloatBuffer
  private let kernels: any KernelSet.Type

  /// Gradients that are multiplied together: they stay in the second-level cache while the optimizer reads them.
  private static let together = 1 << 16

  init(
    _ lanes: Lanes, _ flat: FloatBuffer, _ factors: [GradientFactors], kernels: any KernelSet.Type
  ) {
    self.lanes = lanes
    self.flat = flat
    self.factors = factors
    self.kernels = kernels
    rows = FloatBuffer(count: factors.map { Self.rows($0) * $0.outputs }.max() ?? 0)
  }

  /// Rows that are multiplied together: a multiple of what a register tile has.
  private static func rows(_ factors: GradientFactors) -> Int { max(1, together / factors.outputs / 8) * 8 }

  func forEachPiece(
    of range: Range<Int>, _ body: (_ offset: Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    var start = range.lowerBound
    for factors in factors where lanes.usesFactors {
      let weight = factors.weightRange.clamped(to: range)
      guard !weight.isEmpty else { continue }
      if start < weight.lowerBound { flat.forEachPiece(of: start..<weight.lowerBound, body) }
      forEachRows(of: factors, in: weight, body)
      start = weight.upperBound
    }
    if start < range.upperBound { flat.forEachPiece(of: start..<range.upperBound, body) }
  }

  /// A range may begin and end within a row; of such a row only what is in the range is passed on.
  private func forEachRows(
    of factors: GradientFactors, in range: Range<Int>,
    _ body: (_ offset: Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    let (first, outputs) = (factors.weightRange.lowerBound, factors.outputs)
    let end = (range.upperBound - first + outputs - 1) / outputs
    var row = (range.lowerBound - first) / outputs
    while row < end {
      let count = min(Self.rows(factors), end - row)
      factors.multiply(row..<row + count, into: rows.base, kernels)
      let whole = first + row * outputs..<first + (row + count) * outputs
      let part = whole.clamped(to: range)
      body(
        part.lowerBound,
        UnsafeBufferPointer(start: rows.base + part.lowerBound - whole.lowerBound, count: part.count))
      row += count
    }
  }

  func sumOfSquares(of range: Range<Int>, _ kernels: any KernelSet.Type) -> Double {
    if lanes.usesFactors, let factors = factors.first(where: { $0.weightRange == range }) {
      return factors.sumOfSquares
    }
    return lanes.sumOfSquares(of: range)
  }
}
