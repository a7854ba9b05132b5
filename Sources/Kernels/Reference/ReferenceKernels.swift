import Tensors

/// The naive twin of every kernel: plain loops that read like the formulas and add up in double precision.
///
/// It is the truth that the fast sets are tested against, and a way to run where none of them does.
public enum ReferenceKernels: KernelSet {
  public static let name = "reference"
  public static var onOpenBLAS: (any KernelSet.Type)? { nil }

  public static func fusedMultiplyAdds(rounds: Int) -> (count: Int, result: Float) {
    var sum: Float = 1
    for _ in 0..<rounds { sum = 1e-3 + 0.999 * sum }
    return (rounds, sum)
  }

  public static func tileScratch(inner: Int) -> Int { 3 * inner }

  public static func tileProducts(inner: Int, rounds: Int, scratch: MutableFloats) -> Int {
    for _ in 0..<rounds {
      var sum = 0.0
      for i in 0..<inner { sum += Double(scratch[i]) * Double(scratch[inner + i]) }
      scratch[2 * inner] = Float(sum)
    }
    return rounds * inner
  }
}

extension WindowGeometry {
  /// Calls `body` with (output position, place in the window, input position) wherever a window meets an image.
  ///
  /// Positions count row by row; a place is row x kernel + column. Windows come in order, and so do their places.
  @inline(__always)
  func forEachPair(_ body: (_ output: Int, _ place: Int, _ input: Int) -> Void) {
    for row in 0..<output.height {
      for column in 0..<output.width {
        for place in 0..<kernel * kernel {
          let y = row * stride + place / kernel - padding
          let x = column * stride + place % kernel - padding
          guard y >= 0, y < input.height, x >= 0, x < input.width else { continue }
          body(row * output.width + column, place, y * input.width + x)
        }
      }
    }
  }
}
