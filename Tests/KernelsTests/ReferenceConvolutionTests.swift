import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct ReferenceConvolutionTests {
  private typealias Kernels = ReferenceKernels

  /// Convolutions are linear in each argument: a step of 1 on small whole numbers is exact.
  private static let exact = 1e-9

  /// 2x2 windows over
  ///     1 2 3
  ///     4 5 6
  /// times (1 2 / 3 4): 1 + 4 + 12 + 20 and 2 + 6 + 15 + 24, plus a bias of -40.
  @Test func byHand() throws {
    let geometry = try #require(
      WindowGeometry(
        input: Shape(height: 2, width: 3, channels: 1), kernel: 2, stride: 1, padding: 0, channels: 1))
    let x: [Float] = [1, 2, 3, 4, 5, 6]
    let weight: [Float] = [1, 2, 3, 4]
    var y: [Float] = [.nan, .nan]
    var none: [Float] = []
    Kernels.convolve(
      geometry, batch: 1, x: x, weight: weight, bias: [-40], activation: .identity, into: &y, scratch: &none)
    #expect(y == [-3, 7])
    Kernels.convolve(
      geometry, batch: 1, x: x, weight: weight, bias: [-40], activation: .relu, into: &y, scratch: &none)
    #expect(y == [0, 7])
    var dx = [Float](repeating: .nan, count: 6)
    Kernels.convolutionInputGradient(
      geometry, batch: 1, dy: [1, 10], weight: weight, into: &dx, adding: false, gate: nil, scratch: &none)
    #expect(dx == [1, 12, 20, 3, 34, 40])
    var dw: [Float] = [100, 100, 100, 100]
    var db: [Float] = [1000]
    Kernels.convolutionParameterGradients(
      geometry, Shards(whole: 1), x: x, dy: [1, 10], weight: &dw, bias: &db, scratch: &none)
    #expect(dw == [121, 132, 154, 165])
    #expect(db == [1011])
  }

  /// Two channels in and out under one window of padding: only the middle filter tap meets the single pixel.
  @Test func channelsByHand() throws {
    let geometry = try #require(
      WindowGeometry(
        input: Shape(height: 1, width: 1, channels: 2), kernel: 3, stride: 1, padding: 1, channels: 2))
    var weight = [Float](repeating: 9, count: 36)
    weight.replaceSubrange(16..<20, with: [1, 2, 3, 4])
    var y: [Float] = [.nan, .nan]
    var none: [Float] = []
    Kernels.convolve(
      geometry, batch: 1, x: [5, 7], weight: weight, bias: nil, activation: .identity, into: &y,
      scratch: &none)
    let expected: [Float] = [26, 38]
    #expect(y == expected)
  }

  @Test(arguments: KernelShapes.convolutions.filter { $0.geometry.patch * $0.geometry.output.count < 8_000 })
  func gradientsAreCentralDifferences(_ shape: WindowShape) {
    let geometry = shape.geometry
    let batch = 2
    let x = TestNumbers.integers(batch * geometry.input.count, seed: 1)
    let weight = TestNumbers.integers(geometry.patch * geometry.output.channels, seed: 2)
    let bias = TestNumbers.integers(geometry.output.channels, seed: 3)
    let dy = TestNumbers.integers(batch * geometry.output.count, seed: 4)
    func loss(_ x: [Float], _ weight: [Float], _ bias: [Float]) -> Double {
      var y = [Float](repeating: .nan, count: dy.count)
      var none: [Float] = []
      Kernels.convolve(
        geometry, batch: batch, x: x, weight: weight, bias: bias, activation: .identity, into: &y,
        scratch: &none)
      return dot(dy, y)
    }
    var none: [Float] = []
    var dx = [Float](repeating: .nan, count: x.count)
    Kernels.convolutionInputGradient(
      geometry, batch: batch, dy: dy, weight: weight, into: &dx, adding: false, gate: nil, scratch: &none)
    #expect(largestDifference(dx, centralDifferences(x, step: 1) { loss($0, weight, bias) }) < Self.exact)
    var dw = [Float](repeating: 0, count: weight.count)
    var db = [Float](repeating: 0, count: bias.count)
    Kernels.convolutionParameterGradients(
      geometry, Shards(whole: batch), x: x, dy: dy, weight: &dw, bias: &db, scratch: &none)
    #expect(largestDifference(dw, centralDifferences(weight, step: 1) { loss(x, $0, bias) }) < Self.exact)
    #expect(largestDifference(db, centralDifferences(bias, step: 1) { loss(x, weight, $0) }) < Self.exact)
  }
}
