import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct ReferenceActivationTests {
  private typealias Kernels = ReferenceKernels
  private typealias Function = (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  private typealias Gradient = (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int)
    ->
    Void

  /// A step of 2^-7 leaves an error of h^2 / 6 times a third derivative of at most 2, and roundings of 2^-24 / h.
  private static let bound = 1e-4

  @Test func byHand() {
    var y = [Float](repeating: 5, count: 4)
    Kernels.relu([-1, 0, 2, .nan], into: &y, count: 4)
    #expect(y[0...2] == [0, 0, 2] && y[3].isNaN)
    Kernels.reluGradient([7, 7, 7, 7], y: [0, 3, -0.0, .nan], into: &y, count: 4)
    #expect(y == [0, 7, 0, 0])
    Kernels.sigmoid([0, .infinity, -.infinity, .nan], into: &y, count: 4)
    #expect(y[0...2] == [0.5, 1, 0] && y[3].isNaN)
    Kernels.sigmoidGradient([8, 8, 8, 8], y: [0.5, 0, 1, 0.25], into: &y, count: 4)
    #expect(y == [2, 0, 0, 1.5])
    Kernels.tanh([0, .infinity, -.infinity, .nan], into: &y, count: 4)
    #expect(y[0...2] == [0, 1, -1] && y[3].isNaN)
    Kernels.tanhGradient([8, 8, 8, 8], y: [0, 1, -1, 0.5], into: &y, count: 4)
    #expect(y == [8, 0, 0, 6])
  }

  @Test func gradientsAreCentralDifferences() {
    check({ Kernels.relu($0, into: $1, count: $2) }, { Kernels.reluGradient($0, y: $1, into: $2, count: $3) })
    check(
      { Kernels.sigmoid($0, into: $1, count: $2) },
      { Kernels.sigmoidGradient($0, y: $1, into: $2, count: $3) })
    check({ Kernels.tanh($0, into: $1, count: $2) }, { Kernels.tanhGradient($0, y: $1, into: $2, count: $3) })
  }

  private func check(_ function: Function, _ gradient: Gradient) {
    // No number lies within a step of relu's corner.
    let x = (0..<40).map { Float($0) * 0.2 - 3.9 }
    let dy = TestNumbers.integers(x.count, seed: 1)
    var y = [Float](repeating: .nan, count: x.count)
    var dx = y
    function(x, &y, x.count)
    gradient(dy, y, &dx, x.count)
    let expected = centralDifferences(x, step: 0x1p-7) { x in
      function(x, &y, x.count)
      return dot(dy, y)
    }
    #expect(largestDifference(dx, expected) < Self.bound)
  }

  @Test func dropoutKeepsItsShareAndScalesIt() {
    let random = RandomStream(seed: 1, .dropout, sample: 3)
    let x = [Float](repeating: 3, count: 40_000)
    var y = [Float](repeating: .nan, count: x.count)
    Kernels.dropout(x, into: &y, count: x.count, random: random, threshold: 1 << 30, scale: 4.0 / 3)
    #expect(y.indices.allSatisfy { y[$0] == (random.word($0) >= 1 << 30 ? 4 : 0) })
    // Five standard errors of a binomial share of 3/4.
    let kept = Double(y.filter { $0 != 0 }.count) / Double(x.count)
    #expect(abs(kept - 0.75) < 5 * (0.75 * 0.25 / Double(x.count)).squareRoot())
  }
}
