import Kernels
import Testing

@Suite struct ReferenceOptimizerTests {
  private typealias Kernels = ReferenceKernels

  @Test func descentByHand() {
    var w: [Float] = [8, -4]
    var v: [Float] = [.nan, .nan]
    Kernels.sgd(
      parameters: &w, gradients: [2, 4], velocity: &v, count: 2, rate: 0.5, momentum: 0.25, weightDecay: 0.5,
      isFirstStep: true)
    #expect(v == [6, 2] && w == [5, -5])
    Kernels.sgd(
      parameters: &w, gradients: [2, 4], velocity: &v, count: 2, rate: 0.5, momentum: 0.25, weightDecay: 0,
      isFirstStep: false)
    #expect(v == [3.5, 4.5] && w == [3.25, -7.25])
    Kernels.sgd(
      parameters: &w, gradients: [1, 1], velocity: nil, count: 2, rate: 1, momentum: 0, weightDecay: 0,
      isFirstStep: false)
    #expect(w == [2.25, -8.25])
  }

  /// In the first step Adam moves every weight by the rate, whatever the gradient's size.
  @Test func theFirstAdamStepIsTheRate() {
    var w: [Float] = [1, 1, 1]
    var m: [Float] = [0, 0, 0]
    var v: [Float] = [0, 0, 0]
    let hyper = AdamStep(
      rate: 0.125, beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0, step: 1
    )
    Kernels.adam(
      parameters: &w, gradients: [4, -2, 1000], first: &m, second: &v, count: 3, hyper: hyper)
    #expect(w == [0.875, 1.125, 0.875])
    #expect(m == [2, -1, 500] && v == [4, 1, 250_000])
  }

  @Test func flatBuffersByHand() {
    var x: [Float] = [1, 2, 3]
    #expect(Kernels.sumOfSquares(x, count: 3) == 14)
    Kernels.accumulate([10, 20, 30], into: &x, count: 3)
    #expect(x == [11, 22, 33])
    Kernels.fill(&x, count: 2, value: -1)
    #expect(x == [-1, -1, 33])
    #expect(Kernels.sumOfSquares([.nan], count: 1).isNaN)
    #expect(Kernels.sumOfSquares([.infinity], count: 1) == .infinity)
  }
}
