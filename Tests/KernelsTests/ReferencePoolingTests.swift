import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct ReferencePoolingTests {
  private typealias Kernels = ReferenceKernels

  /// Overlapping 2x2 windows of
  ///     1 5 5
  ///     4 2 0
  @Test func byHand() throws {
    let geometry = try #require(
      WindowGeometry(input: Shape(height: 2, width: 3, channels: 1), kernel: 2, stride: 1, padding: 0))
    let x: [Float] = [1, 5, 5, 4, 2, 0]
    var y: [Float] = [.nan, .nan]
    var argmax: [UInt8] = [99, 99]
    Kernels.maxPool(geometry, batch: 1, x: x, activation: .identity, into: &y, argmax: &argmax)
    #expect(y == [5, 5])
    #expect(argmax == [1, 0], "the first of equals wins")
    var dx = [Float](repeating: .nan, count: 6)
    Kernels.maxPoolGradient(geometry, batch: 1, dy: [2, 3], argmax: argmax, into: &dx, adding: false)
    #expect(dx == [0, 5, 0, 0, 0, 0], "gradients of both windows meet in the one place")
    Kernels.averagePool(geometry, batch: 1, x: x, into: &y)
    #expect(y == [3, 3])
    Kernels.averagePoolGradient(geometry, batch: 1, dy: [4, 8], into: &dx, adding: false)
    #expect(dx == [1, 3, 2, 1, 3, 2])
  }

  /// Padding counts as minus infinity for the maximum and as zero for the mean.
  @Test func paddingByHand() throws {
    let geometry = try #require(
      WindowGeometry(input: Shape(height: 1, width: 1, channels: 2), kernel: 2, stride: 1, padding: 1))
    var y = [Float](repeating: .nan, count: 8)
    var argmax = [UInt8](repeating: 99, count: 8)
    Kernels.maxPool(geometry, batch: 1, x: [-4, 8], activation: .identity, into: &y, argmax: &argmax)
    #expect(y == [-4, 8, -4, 8, -4, 8, -4, 8])
    #expect(argmax == [3, 3, 2, 2, 1, 1, 0, 0])
    Kernels.averagePool(geometry, batch: 1, x: [-4, 8], into: &y)
    #expect(y == [-1, 2, -1, 2, -1, 2, -1, 2])
  }

  @Test func aNotANumberWinsAndMinusInfinityCanWin() throws {
    let geometry = try #require(
      WindowGeometry(input: Shape(height: 2, width: 2, channels: 1), kernel: 2, stride: 1, padding: 0))
    var y: [Float] = [0]
    var argmax: [UInt8] = [99]
    Kernels.maxPool(
      geometry, batch: 1, x: [.infinity, .nan, 3, 4], activation: .identity, into: &y, argmax: &argmax)
    #expect(y[0].isNaN && argmax == [1])
    Kernels.maxPool(geometry, batch: 1, x: [-1, 2, -3, 2], activation: .relu, into: &y, argmax: &argmax)
    #expect(y == [2] && argmax == [1])
    Kernels.maxPool(geometry, batch: 1, x: [-1, -2, 0, -4], activation: .relu, into: &y, argmax: &argmax)
    #expect(y == [0] && argmax == [255], "ReLU lets none pass")
    let low = -Float.infinity
    Kernels.maxPool(
      geometry, batch: 1, x: [low, low, low, low], activation: .identity, into: &y, argmax: &argmax)
    #expect(y == [low] && argmax == [0])
  }

  @Test(arguments: KernelShapes.poolings.filter { $0.geometry.input.count < 700 })
  func gradientsAreCentralDifferences(_ shape: WindowShape) {
    let geometry = shape.geometry
    // All numbers differ by at least 1, so that a step of a quarter changes no winner.
    let x = (0..<geometry.input.count).map { Float($0 * 389 % 997) }
    let dy = TestNumbers.integers(geometry.output.count, seed: 2)
    var y = [Float](repeating: .nan, count: dy.count)
    var argmax = [UInt8](repeating: 99, count: dy.count)
    var dx = [Float](repeating: .nan, count: x.count)
    Kernels.maxPool(geometry, batch: 1, x: x, activation: .identity, into: &y, argmax: &argmax)
    Kernels.maxPoolGradient(geometry, batch: 1, dy: dy, argmax: argmax, into: &dx, adding: false)
    let maximum = centralDifferences(x, step: 0.25) { x in
      Kernels.maxPool(geometry, batch: 1, x: x, activation: .identity, into: &y, argmax: nil)
      return dot(dy, y.map { $0.isFinite ? $0 : 0 })
    }
    #expect(largestDifference(dx, maximum) < 1e-9)
    Kernels.averagePoolGradient(geometry, batch: 1, dy: dy, into: &dx, adding: false)
    let mean = centralDifferences(x, step: 1) { x in
      Kernels.averagePool(geometry, batch: 1, x: x, into: &y)
      return dot(dy, y)
    }
    // A mean of numbers up to 1000 is rounded at 2^-15, a few times for each place.
    #expect(largestDifference(dx, mean) < 0x1p-9)
  }
}
