import Foundation
import KernelShapes
import Kernels
import Testing

@Suite struct OptimizerTests {
  @Test(arguments: KernelShapes.counts)
  func base(_ count: Int) { check(Build.base.kernels, count) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.counts)
    func wide(_ count: Int) { check(Build.wide.kernels, count) }
  #endif

  /// A handful of roundings on numbers of size 1.
  private static let bound = 8 * roundoff

  private func check(_ kernels: any KernelSet.Type, _ count: Int) {
    for (momentum, decay) in [(Float(0), Float(0)), (0.9, 0), (0.9, 0.01)] {
      for isFirst in [true, false] { checkDescent(kernels, count, momentum, decay, isFirst) }
    }
    for decay: Float in [0, 0.01] { checkAdam(kernels, count, decay) }
  }

  private func checkDescent(
    _ kernels: any KernelSet.Type, _ count: Int, _ momentum: Float, _ decay: Float, _ isFirst: Bool
  ) {
    let w = TestNumbers.reals(count, seed: 1)
    let g = TestNumbers.reals(count, seed: 2)
    // What the velocity holds before the first step must not matter.
    let v = isFirst ? [Float](repeating: .nan, count: count) : TestNumbers.reals(count, seed: 3)
    let (parameters, gradients, velocity) = (GuardedBuffer(w), GuardedBuffer(g), GuardedBuffer(v))
    kernels.sgd(
      parameters: parameters.base, gradients: gradients.base, velocity: momentum == 0 ? nil : velocity.base,
      count: count, rate: 0.1, momentum: momentum, weightDecay: decay, isFirstStep: isFirst)
    let steps = (0..<count).map { i -> Float in
      let gradient = g[i] + decay * w[i]
      return momentum == 0 || isFirst ? gradient : momentum * v[i] + gradient
    }
    expectClose(parameters.values, zip(w, steps).map { $0 - 0.1 * $1 }, "parameters") { _ in Self.bound }
    if momentum != 0 { expectClose(velocity.values, steps, "velocity") { _ in Self.bound } }
    #expect(gradients.values == g)
    expectIntact([parameters, gradients, velocity])
  }

  private func checkAdam(_ kernels: any KernelSet.Type, _ count: Int, _ decay: Float) {
    let hyper = AdamStep(
      rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: decay, step: 3)
    let w = TestNumbers.reals(count, seed: 1)
    let g = TestNumbers.reals(count, seed: 2)
    let m = TestNumbers.reals(count, seed: 3)
    let v = TestNumbers.reals(count, seed: 4).map { $0 * $0 }
    let buffers = [w, g, m, v].map { GuardedBuffer($0) }
    kernels.adam(
      parameters: buffers[0].base, gradients: buffers[1].base, first: buffers[2].base,
      second: buffers[3].base, count: count, hyper: hyper)
    let corrections = (first: Float(1 - pow(0.9, 3)), second: Float(1 - pow(0.99, 3)))
    var expected = (w: w, m: m, v: v)
    for i in 0..<count {
      let gradient = g[i] + decay * w[i]
      expected.m[i] = 0.9 * m[i] + 0.1 * gradient
      expected.v[i] = 0.99 * v[i] + 0.01 * gradient * gradient
      let root = (expected.v[i] / corrections.second).squareRoot() + 1e-8
      expected.w[i] = w[i] - 0.01 / corrections.first * expected.m[i] / root
    }
    expectClose(buffers[0].values, expected.w, "parameters") { _ in Self.bound }
    expectClose(buffers[2].values, expected.m, "first moment") { _ in Self.bound }
    expectClose(buffers[3].values, expected.v, "second moment") { _ in Self.bound }
    #expect(buffers[1].values == g)
    expectIntact(buffers)
  }
}
