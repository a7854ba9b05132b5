import Kernels
import Testing

@Suite struct ReferenceOutputTests {
  private typealias Kernels = ReferenceKernels

  @Test func radialBasis() {
    var y = [Float](repeating: .nan, count: 2)
    Kernels.radialBasis(batch: 1, inputs: 2, classes: 2, x: [1, 3], weight: [1, 1, -1, 2], into: &y)
    #expect(y == [-4, -5])
    var dx = [Float](repeating: .nan, count: 2)
    Kernels.radialBasisInputGradient(
      batch: 1, inputs: 2, classes: 2, x: [1, 3], weight: [1, 1, -1, 2], dy: [1, 10], into: &dx)
    #expect(dx == [-40, -24])
    var dw: [Float] = [100, 100, 100, 100]
    Kernels.radialBasisParameterGradients(
      batch: 1, inputs: 2, classes: 2, x: [1, 3], weight: [1, 1, -1, 2], dy: [1, 10], weight: &dw)
    #expect(dw == [100, 104, 140, 120])
  }

  @Test func softmax() {
    var y: [Float] = [0, 0, 1000, 1000, 3, -1000]
    Kernels.softmax(batch: 3, classes: 2, x: y, into: &y)
    #expect(y == [0.5, 0.5, 0.5, 0.5, 1, 0])
    var dx = [Float](repeating: .nan, count: 2)
    Kernels.softmaxGradient(batch: 1, classes: 2, dy: [3, 1], y: [0.5, 0.5], into: &dx)
    #expect(dx == [0.5, -0.5])
  }

  /// The last coordinates of the formulas by central differences of a weighted sum of the outputs.
  @Test func gradientsAreThoseOfTheOutputs() {
    let (x, weight, dy): ([Float], [Float], [Float]) = (
      [0.5, -1, 2, 1, 0, -0.5], [1, -1, 1, -1, 1, 1], [0.5, -2, 1, 3]
    )
    func loss(_ x: [Float], _ weight: [Float]) -> Double {
      var y = [Float](repeating: 0, count: 4)
      Kernels.radialBasis(batch: 2, inputs: 3, classes: 2, x: x, weight: weight, into: &y)
      return zip(y, dy).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    var dx = [Float](repeating: .nan, count: 6)
    Kernels.radialBasisInputGradient(
      batch: 2, inputs: 3, classes: 2, x: x, weight: weight, dy: dy, into: &dx)
    var dw = [Float](repeating: 0, count: 6)
    Kernels.radialBasisParameterGradients(
      batch: 2, inputs: 3, classes: 2, x: x, weight: weight, dy: dy, weight: &dw)
    // A quadratic: central differences with whole steps are exact.
    #expect(largestDifference(dx, centralDifferences(x, step: 1) { loss($0, weight) }) < 1e-5)
    #expect(largestDifference(dw, centralDifferences(weight, step: 1) { loss(x, $0) }) < 1e-5)
  }
}
