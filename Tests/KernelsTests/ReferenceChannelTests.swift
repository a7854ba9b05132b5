import KernelShapes
import Kernels
import Testing

@Suite struct ReferenceChannelTests {
  private typealias Kernels = ReferenceKernels
  /// Two rows of two channels, with one float of somebody else behind each.
  private static let x: [Float] = [1, 10, 99, 3, 30, 99]
  private static let rows = ChannelRows(2, channels: 2, stride: 3)

  @Test func moments() {
    var (mean, variance) = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2))
    Kernels.channelMoments(Self.x, Self.rows, mean: &mean, variance: &variance)
    #expect(mean == [2, 20])
    #expect(variance == [1, 100])
    Kernels.channelMoments(Self.x, ChannelRows(0, channels: 2), mean: &mean, variance: &variance)
    #expect(mean == [0, 0] && variance == [0, 0])
  }

  @Test func scaleAndShift() {
    var y = [Float](repeating: .nan, count: 4)
    Kernels.scaleAndShift(
      Self.x, Self.rows, scale: [2, -1], shift: [1, 20], activation: .identity, into: &y)
    #expect(y == [3, 10, 7, -10])
    Kernels.scaleAndShift(Self.x, Self.rows, scale: [2, -1], shift: [1, 20], activation: .relu, into: &y)
    #expect(y == [3, 10, 7, 0])
  }

  @Test func gradients() {
    let dy: [Float] = [1, 2, 3, 4]
    var (sums, products) = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2))
    Kernels.scaleAndShiftSums(
      dy, x: Self.x, Self.rows, scale: [2, -1], shift: [1, 20], activation: .relu, centre: [2, 20],
      sums: &sums, products: &products)
    // The last element is cut off by ReLU.
    #expect(sums == [4, 2])
    #expect(products == [2, -20])
    var dx = Self.x
    Kernels.scaleAndShiftGradient(
      dy, x: Self.x, Self.rows, scale: [2, -1], shift: [1, 20], activation: .relu, a: [10, 10], b: [1, 2],
      c: [5, 6], into: &dx, adding: false)
    #expect(dx == [16, 46, 99, 38, 66, 99])
    Kernels.scaleAndShiftGradient(
      dy, x: Self.x, Self.rows, scale: [2, -1], shift: [1, 20], activation: .relu, a: [10, 10], b: [1, 2],
      c: [5, 6], into: &dx, adding: true)
    #expect(dx == [32, 92, 99, 76, 132, 99])
  }

  @Test func copiesAndSums() {
    var y = [Float](repeating: 1, count: 8)
    Kernels.copyRows(Self.x, Self.rows, into: &y, stride: 4, adding: false)
    #expect(y == [1, 10, 1, 1, 3, 30, 1, 1])
    Kernels.copyRows(Self.x, Self.rows, into: &y, stride: 4, adding: true)
    #expect(y == [2, 20, 1, 1, 6, 60, 1, 1])
    var sum: [Float] = [-5, 2]
    Kernels.addAndActivate([1, 1], into: &sum, count: 2, activation: .identity)
    #expect(sum == [-4, 3])
    Kernels.addAndActivate([1, 1], into: &sum, count: 2, activation: .relu)
    #expect(sum == [0, 4])
  }

  /// The sums and the gradient behind y = ReLU(x scale + shift) by central differences of a weighted sum of y.
  @Test func gradientsAreThoseOfTheOutputs() {
    let rows = ChannelRows(5, channels: 3, stride: 4)
    // Nothing lies within a step of the kink: x is whole, scale and shift are not.
    let x = TestNumbers.integers(20, seed: 1)
    let dy = TestNumbers.integers(15, seed: 2)
    let (scale, shift): ([Float], [Float]) = ([1.5, -0.75, 2.25], [0.375, -0.875, 1.125])
    let (zero, one) = ([Float](repeating: 0, count: 3), [Float](repeating: 1, count: 3))
    for activation in [Activation.identity, .relu] {
      func loss(_ x: [Float], _ scale: [Float], _ shift: [Float]) -> Double {
        var y = [Float](repeating: .nan, count: 15)
        Kernels.scaleAndShift(x, rows, scale: scale, shift: shift, activation: activation, into: &y)
        return dot(dy, y)
      }
      var (sums, products) = (zero, zero)
      Kernels.scaleAndShiftSums(
        dy, x: x, rows, scale: scale, shift: shift, activation: activation, centre: zero, sums: &sums,
        products: &products)
      var dx = [Float](repeating: 0, count: 20)
      Kernels.scaleAndShiftGradient(
        dy, x: x, rows, scale: scale, shift: shift, activation: activation, a: scale, b: zero, c: zero,
        into: &dx, adding: false)
      // Piecewise linear, on numbers with few digits: steps of a 64th are exact.
      let step: Float = 0x1p-6
      let exact = 1e-9
      #expect(largestDifference(dx, centralDifferences(x, step: step) { loss($0, scale, shift) }) < exact)
      #expect(
        largestDifference(products, centralDifferences(scale, step: step) { loss(x, $0, shift) }) < exact)
      #expect(largestDifference(sums, centralDifferences(shift, step: step) { loss(x, scale, $0) }) < exact)
      // The centre moves products by that much of the sums.
      var centred = zero
      Kernels.scaleAndShiftSums(
        dy, x: x, rows, scale: scale, shift: shift, activation: activation, centre: one, sums: &sums,
        products: &centred)
      #expect(centred == zip(products, sums).map { $0 - $1 })
    }
  }
}
