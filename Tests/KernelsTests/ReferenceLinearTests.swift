import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct ReferenceLinearTests {
  private typealias Kernels = ReferenceKernels
  /// The naive kernels need none.
  private let scratch = FloatBuffer(count: 1)

  /// (1 2) and (3 4) times (1 2 3 / 4 5 6), plus (-20 0 1).
  @Test func byHand() {
    let x: [Float] = [1, 2, 3, 4]
    let weight: [Float] = [1, 2, 3, 4, 5, 6]
    var y = [Float](repeating: .nan, count: 6)
    Kernels.linear(
      batch: 2, inputs: 2, outputs: 3, x: x, weight: weight, bias: [-20, 0, 1], activation: .identity,
      into: &y, scratch: scratch.base)
    #expect(y == [-11, 12, 16, -1, 26, 34])
    Kernels.linear(
      batch: 2, inputs: 2, outputs: 3, x: x, weight: weight, bias: [-20, 0, 1], activation: .relu, into: &y,
      scratch: scratch.base)
    #expect(y == [0, 12, 16, 0, 26, 34])
    var dx = [Float](repeating: .nan, count: 4)
    Kernels.linearInputGradient(
      batch: 2, inputs: 2, outputs: 3, dy: [1, 1, 1, 1, 0, -1], weight: weight, into: &dx,
      scratch: scratch.base)
    #expect(dx == [6, 15, -2, -2])
    var dw: [Float] = [100, 0, 0, 0, 0, 0]
    var db: [Float] = [100, 0, 0]
    Kernels.linearParameterGradients(
      Shards(whole: 2), inputs: 2, outputs: 3, x: x, dy: [1, 1, 1, 1, 0, -1], weight: &dw, bias: &db,
      scratch: scratch.base
    )
    #expect(dw == [104, 1, -2, 6, 2, -2])
    #expect(db == [102, 1, 0])
  }

  @Test func gradientsAreCentralDifferences() {
    let (batch, inputs, outputs) = (3, 5, 7)
    let x = TestNumbers.integers(batch * inputs, seed: 1)
    let weight = TestNumbers.integers(inputs * outputs, seed: 2)
    let dy = TestNumbers.integers(batch * outputs, seed: 3)
    func loss(_ x: [Float], _ weight: [Float]) -> Double {
      var y = [Float](repeating: .nan, count: dy.count)
      Kernels.linear(
        batch: batch, inputs: inputs, outputs: outputs, x: x, weight: weight, bias: nil,
        activation: .identity,
        into: &y, scratch: scratch.base)
      return dot(dy, y)
    }
    var dx = [Float](repeating: .nan, count: x.count)
    Kernels.linearInputGradient(
      batch: batch, inputs: inputs, outputs: outputs, dy: dy, weight: weight, into: &dx, scratch: scratch.base
    )
    #expect(largestDifference(dx, centralDifferences(x, step: 1) { loss($0, weight) }) < 1e-9)
    var dw = [Float](repeating: 0, count: weight.count)
    Kernels.linearParameterGradients(
      Shards(whole: batch), inputs: inputs, outputs: outputs, x: x, dy: dy, weight: &dw, bias: nil,
      scratch: scratch.base)
    #expect(largestDifference(dw, centralDifferences(weight, step: 1) { loss(x, $0) }) < 1e-9)
  }
}
