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
    for step in [1, 2] {
      for (momentum, decay, scale) in [(0, 0, 1), (0.9, 0, 1), (0.9, 0.01, 1), (0.9, 0.01, 0.3)]
        as [(Float, Float, Float)]
      {
        for nesterov in momentum == 0 ? [false] : [false, true] {
          let hyper = SGDStep(
            rate: 0.1, momentum: momentum, nesterov: nesterov, weightDecay: decay, gradientScale: scale,
            step: step)
          compare(kernels, count, moments: momentum == 0 ? 0 : 1, isFirst: step == 1) { kernels, buffers in
            kernels.sgd(
              parameters: buffers[0], gradients: buffers[1], velocity: momentum == 0 ? nil : buffers[2],
              count: count, hyper: hyper)
          }
          compare(kernels, count, moments: momentum == 0 ? 0 : 1, isFirst: step == 1) { kernels, buffers in
            kernels.lars(
              parameters: buffers[0], gradients: buffers[1], velocity: momentum == 0 ? nil : buffers[2],
              count: count, hyper: hyper)
          }
        }
      }
    }
    for (decay, isDecoupled, scale) in [(0, false, 1), (0.01, false, 1), (0.01, true, 1), (0.01, true, 0.3)]
      as [(Float, Bool, Float)]
    {
      let hyper = AdamStep(
        rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: decay, isDecoupled: isDecoupled,
        gradientScale: scale, step: 3)
      compare(kernels, count, moments: 2, isFirst: false) { kernels, buffers in
        kernels.adam(
          parameters: buffers[0], gradients: buffers[1], first: buffers[2], second: buffers[3], count: count,
          hyper: hyper)
      }
    }
  }

  /// Runs an update by the fast kernels and by the reference, and expects the same weights and moments of both.
  private func compare(
    _ kernels: any KernelSet.Type, _ count: Int, moments: Int, isFirst: Bool,
    _ update: (any KernelSet.Type, [UnsafeMutablePointer<Float>]) -> Void
  ) {
    let gradients = TestNumbers.reals(count, seed: 2)
    // Adam's second moment is never negative. What the velocity holds before the first step must not matter.
    let start =
      [TestNumbers.reals(count, seed: 1), gradients]
      + (0..<moments).map { moment in
        isFirst
          ? [Float](repeating: .nan, count: count)
          : TestNumbers.reals(count, seed: 3 + UInt64(moment)).map { moment == 1 ? $0 * $0 : $0 }
      }
    let found = start.map { GuardedBuffer($0) }
    let expected = start.map { GuardedBuffer($0) }
    update(kernels, found.map(\.base))
    update(ReferenceKernels.self, expected.map(\.base))
    for (index, what) in ["parameters", "gradients", "first moment", "second moment"].enumerated()
    where index < start.count {
      expectClose(found[index].values, expected[index].values, what) { _ in Self.bound }
    }
    #expect(found[1].values == gradients)
    #expect(found.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    expectIntact(found)
  }
}

/// Adam's own square root, seen through its steps where there is no gradient: m / (sqrt(v) + epsilon) but for constants.
@Suite struct AdamRootTests {
  @Test func rootsOfEverySize() throws {
    let exponents = stride(from: Float(-30), through: 37, by: 0.25)
    let squares: [Float] = [0, .infinity] + exponents.map { Foundation.pow(10, $0) }
    let hyper = AdamStep(
      rate: 1, beta1: 0.5, beta2: 0.5, epsilon: 1e-20, weightDecay: 0, isDecoupled: false, gradientScale: 1,
      step: 1)
    for kernels in builds {
      let buffers = [
        GuardedBuffer(count: squares.count, value: 0), GuardedBuffer(count: squares.count, value: 0),
        GuardedBuffer(count: squares.count, value: 1), GuardedBuffer(squares),
      ]
      kernels.adam(
        parameters: buffers[0].base, gradients: buffers[1].base, first: buffers[2].base,
        second: buffers[3].base, count: squares.count, hyper: hyper)
      let twins = [
        GuardedBuffer(count: squares.count, value: 0), GuardedBuffer(count: squares.count, value: 0),
        GuardedBuffer(count: squares.count, value: 1), GuardedBuffer(squares),
      ]
      ReferenceKernels.adam(
        parameters: twins[0].base, gradients: twins[1].base, first: twins[2].base, second: twins[3].base,
        count: squares.count, hyper: hyper)
      for (index, square) in squares.enumerated() {
        let (found, expected) = (buffers[0].base[index], twins[0].base[index])
        #expect(abs(found - expected) <= 4 * roundoff * abs(expected), "of \(square)")
      }
    }
  }
}
