import Kernels
import Testing

@Suite struct ReferenceOptimizerTests {
  private typealias Kernels = ReferenceKernels

  @Test func descentByHand() {
    var w: [Float] = [8, -4]
    var v: [Float] = [.nan, .nan]
    let first = SGDStep(rate: 0.5, momentum: 0.25, weightDecay: 0.5, step: 1)
    Kernels.sgd(parameters: &w, gradients: [2, 4], velocity: &v, count: 2, hyper: first)
    #expect(v == [6, 2] && w == [5, -5])
    let second = SGDStep(rate: 0.5, momentum: 0.25, step: 2)
    Kernels.sgd(parameters: &w, gradients: [2, 4], velocity: &v, count: 2, hyper: second)
    #expect(v == [3.5, 4.5] && w == [3.25, -7.25])
    let plain = SGDStep(rate: 1, gradientScale: 0.5, step: 2)
    Kernels.sgd(parameters: &w, gradients: [2, 2], velocity: nil, count: 2, hyper: plain)
    #expect(w == [2.25, -8.25])
  }

  /// Nesterov's step looks ahead: g + momentum v.
  @Test func nesterovByHand() {
    var w: [Float] = [8]
    var v: [Float] = [.nan]
    for (step, expected) in [(1, (v: 2, w: 6.5)), (2, (v: 3, w: 4.75))] as [(Int, (v: Float, w: Float))] {
      let hyper = SGDStep(rate: 0.5, momentum: 0.5, nesterov: true, step: step)
      Kernels.sgd(parameters: &w, gradients: [2], velocity: &v, count: 1, hyper: hyper)
      #expect(v == [expected.v] && w == [expected.w])
    }
  }

  /// LARS keeps whole steps: another rate does not rescale the velocity.
  @Test func larsByHand() {
    var w: [Float] = [8]
    var v: [Float] = [.nan]
    let first = SGDStep(rate: 0.5, momentum: 0.5, weightDecay: 0.25, gradientScale: 2, step: 1)
    Kernels.lars(parameters: &w, gradients: [2], velocity: &v, count: 1, hyper: first)
    #expect(v == [3] && w == [5])
    let second = SGDStep(rate: 0.125, momentum: 0.5, step: 2)
    Kernels.lars(parameters: &w, gradients: [4], velocity: &v, count: 1, hyper: second)
    #expect(v == [2] && w == [3])
    Kernels.lars(parameters: &w, gradients: [8], velocity: nil, count: 1, hyper: second)
    #expect(v == [2] && w == [2])
  }

  /// The decay of AdamW shrinks the weights and leaves the moments alone; Adam's is part of the gradient.
  @Test func weightDecayIsDecoupledOrNot() {
    for (isDecoupled, expected) in [(true, (w: 0.375, m: 2)), (false, (w: 0.5, m: 2.5))]
      as [(Bool, (w: Float, m: Float))]
    {
      var w: [Float] = [1]
      var (m, v): ([Float], [Float]) = ([0], [0])
      let hyper = AdamStep(
        rate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: isDecoupled ? 0.25 : 1,
        isDecoupled: isDecoupled, gradientScale: 2, step: 1)
      Kernels.adam(parameters: &w, gradients: [2], first: &m, second: &v, count: 1, hyper: hyper)
      #expect(w == [expected.w] && m == [expected.m])
    }
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
    var y: [Float] = [3, 2, 1]
    Kernels.average([11, 2, 5], into: &y, count: 3, share: 0.25)
    #expect(y == [5, 2, 2])
    Kernels.exchange(&x, with: &y, count: 2)
    #expect(x == [5, 2, 33] && y == [-1, -1, 2])
    #expect(Kernels.sumOfSquares([.nan], count: 1).isNaN)
    #expect(Kernels.sumOfSquares([.infinity], count: 1) == .infinity)
  }
}
