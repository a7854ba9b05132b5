import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct ReferenceAdaptivePoolingTests {
  private typealias Kernels = ReferenceKernels

  /// One cell, two channels:
  ///     1 20
  ///     3 40
  ///     5 60
  @Test func byHand() {
    let cells = AdaptiveCells(input: Shape(height: 3, width: 1, channels: 2), size: 1)
    var y: [Float] = [.nan, .nan]
    let x: [Float] = [1, 20, 3, 40, 5, 60]
    Kernels.adaptiveAveragePool(cells, batch: 1, x: x, into: &y)
    #expect(y == [3, 40])
    var dx = [Float](repeating: .nan, count: 6)
    Kernels.adaptiveAveragePoolGradient(cells, batch: 1, dy: [3, 6], into: &dx, adding: false)
    #expect(dx == [1, 2, 1, 2, 1, 2])
    Kernels.adaptiveAveragePoolGradient(cells, batch: 1, dy: [30, 60], into: &dx, adding: true)
    #expect(dx == [11, 22, 11, 22, 11, 22])
  }

  @Test func overlappingCellsByHand() {
    let cells = AdaptiveCells(input: Shape(height: 3, width: 3, channels: 1), size: 2)
    let x: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    var y = [Float](repeating: .nan, count: 4)
    Kernels.adaptiveAveragePool(cells, batch: 1, x: x, into: &y)
    #expect(y == [3, 4, 6, 7])
    var dx = [Float](repeating: .nan, count: 9)
    Kernels.adaptiveAveragePoolGradient(cells, batch: 1, dy: [4, 40, 400, 4000], into: &dx, adding: false)
    #expect(dx == [1, 11, 10, 101, 1111, 1010, 100, 1100, 1000])
  }

  @Test(arguments: [(1, 1, 1), (5, 7, 3), (2, 3, 4), (6, 4, 2)])
  func gradientsAreCentralDifferences(height: Int, width: Int, size: Int) {
    let cells = AdaptiveCells(input: Shape(height: height, width: width, channels: 2), size: size)
    let x = TestNumbers.integers(2 * cells.input.count, seed: 1)
    let dy = TestNumbers.integers(2 * cells.output.count, seed: 2)
    var dx = [Float](repeating: .nan, count: x.count)
    Kernels.adaptiveAveragePoolGradient(cells, batch: 2, dy: dy, into: &dx, adding: false)
    let expected = centralDifferences(x, step: 1) { x in
      var y = [Float](repeating: .nan, count: dy.count)
      Kernels.adaptiveAveragePool(cells, batch: 2, x: x, into: &y)
      return dot(dy, y)
    }
    // Means of size 4 are rounded at 2^-22, in a few cells each, times numbers of size 4.
    #expect(largestDifference(dx, expected) < 1e-5)
  }
}
