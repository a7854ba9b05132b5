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
}
