import Kernels
import Optimizers
import Tensors
import Testing

@Suite struct LARSTests {
  private func step(
    weights: [Float], gradients: [Float], decays: Bool = true, decay: Float = 0, scale: Float = 1
  ) -> [Float] {
    let spans = [ParameterSpan(offset: 0, count: weights.count, decays: decays)]
    let optimizer = LARS(spans, momentum: 0, weightDecay: decay, kernels: ReferenceKernels.self)
    let parameters = spans.buffer([weights])
    optimizer.update(
      parameters: parameters, gradients: spans.buffer([gradients]), step: 1, rate: 2, gradientScale: scale)
    return spans.values(in: parameters)[0]
  }

  /// |w| = 5 and |g| = 10: local rate 0.001 x 5 / 10. A step moves a thousandth of the rate of |w|, whatever |g| is.
  @Test func aStepIsAPartOfTheWeights() {
    let found = step(weights: [3, 4], gradients: [6, 8])
    #expect(abs(found[0] - 2.994) < 1e-6 && abs(found[1] - 3.992) < 1e-6)
    #expect(step(weights: [3, 4], gradients: [6, 8], scale: 0.125) == found)
    #expect(step(weights: [3, 4], gradients: [96, 128]) == found)
  }

  @Test func biasesTakeThePlainRate() {
    #expect(step(weights: [3, 4], gradients: [0.5, 1], decays: false, decay: 0.5) == [2, 2])
  }

  @Test func zerosTakeThePlainRate() {
    #expect(step(weights: [0, 0], gradients: [0.5, 1]) == [-1, -2])
    // Only the decay moves weights whose gradient is zero.
    #expect(step(weights: [3, 4], gradients: [0, 0], decay: 0.125) == [2.25, 3])
  }

  @Test func eachTensorHasItsOwnRate() {
    let spans = [0, 16].map { ParameterSpan(offset: $0, count: 1, decays: true) }
    let optimizer = LARS(spans, momentum: 0.5, weightDecay: 0, kernels: ReferenceKernels.self)
    let parameters = spans.buffer([[8], [1]])
    optimizer.update(
      parameters: parameters, gradients: spans.buffer([[100], [0.01]]), step: 1, rate: 1, gradientScale: 1)
    #expect(abs(parameters.base[0] - 7.992) < 1e-6 && abs(parameters.base[16] - 0.999) < 1e-6)
  }
}
