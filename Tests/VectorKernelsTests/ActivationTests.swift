import KernelShapes
import Kernels
import Testing

@Suite struct ActivationTests {
  @Test(arguments: KernelShapes.counts)
  func base(_ count: Int) { check(Build.base.kernels, count) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.counts)
    func wide(_ count: Int) { check(Build.wide.kernels, count) }
  #endif

  /// Three units in the last place: the exponential is good to one, and an addition and a division follow.
  private static let transcendental = 6 * roundoff
  /// Three roundings, of which the difference from 1 may be magnified: relative to dy, not to the result.
  private static let gradient = 4 * roundoff

  private func check(_ kernels: any KernelSet.Type, _ count: Int) {
    let reference = ReferenceKernels.self
    var x = TestNumbers.reals(count, seed: 1, bound: 12)
    for (index, value) in Self.special.enumerated() where index < count { x[count - 1 - index] = value }
    let dy = TestNumbers.reals(count, seed: 2)

    expectEqual(
      apply(x) { kernels.relu($0, into: $1, count: count) },
      apply(x) { reference.relu($0, into: $1, count: count) }, "relu")
    expectEqual(
      apply(dy, x) { kernels.reluGradient($0, y: $1, into: $2, count: count) },
      apply(dy, x) { reference.reluGradient($0, y: $1, into: $2, count: count) }, "gradient of relu")

    let sigmoid = apply(x) { reference.sigmoid($0, into: $1, count: count) }
    expectClose(apply(x) { kernels.sigmoid($0, into: $1, count: count) }, sigmoid, "sigmoid") {
      Self.transcendental * sigmoid[$0] + .leastNonzeroMagnitude
    }
    expectClose(
      apply(dy, sigmoid) { kernels.sigmoidGradient($0, y: $1, into: $2, count: count) },
      apply(dy, sigmoid) { reference.sigmoidGradient($0, y: $1, into: $2, count: count) },
      "gradient of sigmoid"
    ) { Self.gradient * abs(dy[$0]) }

    let tanh = apply(x) { reference.tanh($0, into: $1, count: count) }
    expectClose(apply(x) { kernels.tanh($0, into: $1, count: count) }, tanh, "tanh") {
      Self.transcendental * abs(tanh[$0])
    }
    expectClose(
      apply(dy, tanh) { kernels.tanhGradient($0, y: $1, into: $2, count: count) },
      apply(dy, tanh) { reference.tanhGradient($0, y: $1, into: $2, count: count) }, "gradient of tanh"
    ) { Self.gradient * abs(dy[$0]) }
  }

  private static let special: [Float] = [
    .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 1e-30, -1e-30, 88, -88, 103, -103, 0.625, 200, -200, 1e30,
    -1e30,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e-5, -1e-5, 0.62499994,
    0.62500006,
  ]

  /// Every exponent and some 50,000 numbers between -110 and 110: the error stays within the bound everywhere.
  @Test func transcendentalsOverTheirWholeRange() {
    let x =
      (0..<50_000).map { Float($0 - 25_000) * 0.0044 }
      + (-149..<127).flatMap {
        [
          Float(sign: .plus, exponent: $0, significand: 1.3),
          Float(sign: .minus, exponent: $0, significand: 1.7),
        ]
      }
    let sigmoid = apply(x) { ReferenceKernels.sigmoid($0, into: $1, count: x.count) }
    let tanh = apply(x) { ReferenceKernels.tanh($0, into: $1, count: x.count) }
    for kernels in builds {
      expectClose(apply(x) { kernels.sigmoid($0, into: $1, count: x.count) }, sigmoid, "sigmoid") {
        Self.transcendental * sigmoid[$0] + .leastNonzeroMagnitude
      }
      expectClose(apply(x) { kernels.tanh($0, into: $1, count: x.count) }, tanh, "tanh") {
        Self.transcendental * abs(tanh[$0])
      }
    }
  }

  /// The output's buffer may be the input's.
  private func apply(_ x: [Float], _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void)
    -> [Float]
  {
    let input = GuardedBuffer(x)
    let output = GuardedBuffer(count: x.count)
    kernel(input.base, output.base)
    kernel(input.base, input.base)
    expectIntact([input, output])
    expectEqual(input.values, output.values, "in place")
    return output.values
  }

  private func apply(
    _ dy: [Float], _ y: [Float],
    _ kernel: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let output = GuardedBuffer(y)
    return apply(dy) { kernel($0, output.base, $1) }
  }
}
