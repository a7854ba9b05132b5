import KernelShapes
import Kernels
import Testing

@Suite struct OutputTests {
  struct Size: Sendable, CustomTestStringConvertible {
    var batch: Int
    var inputs: Int
    var classes: Int
    var testDescription: String { "\(batch) x \(inputs) to \(classes)" }
  }

  static let sizes = [1, 15, 16, 17, 84].flatMap { inputs in
    [(0, 10), (1, 1), (3, 10), (7, 17), (5, 1000)].map { Size(batch: $0.0, inputs: inputs, classes: $0.1) }
  }

  /// Of sums of up to a thousand products of numbers of size 1, relative to how many are added.
  private static func bound(_ terms: Int) -> Float { 8 * roundoff * Float(terms + 4) }

  private func results(_ kernels: any KernelSet.Type, _ size: Size) -> [(terms: Int, values: [Float])] {
    let (batch, inputs, classes) = (size.batch, size.inputs, size.classes)
    let x = GuardedBuffer(TestNumbers.reals(batch * inputs, seed: 1))
    let weight = GuardedBuffer(TestNumbers.reals(classes * inputs, seed: 2))
    let dy = GuardedBuffer(TestNumbers.reals(batch * classes, seed: 3))
    let y = GuardedBuffer(count: batch * classes)
    let dx = GuardedBuffer(count: batch * inputs)
    let dw = GuardedBuffer(TestNumbers.reals(classes * inputs, seed: 4))
    kernels.radialBasis(
      batch: batch, inputs: inputs, classes: classes, x: x.base, weight: weight.base, into: y.base)
    kernels.radialBasisInputGradient(
      batch: batch, inputs: inputs, classes: classes, x: x.base, weight: weight.base, dy: dy.base,
      into: dx.base)
    kernels.radialBasisParameterGradients(
      batch: batch, inputs: inputs, classes: classes, x: x.base, weight: weight.base, dy: dy.base,
      weight: dw.base)
    let shares = GuardedBuffer(TestNumbers.reals(batch * classes, seed: 5, bound: 30))
    kernels.softmax(batch: batch, classes: classes, x: shares.base, into: shares.base)
    let gradient = GuardedBuffer(count: batch * classes)
    kernels.softmaxGradient(
      batch: batch, classes: classes, dy: dy.base, y: shares.base, into: gradient.base)
    expectIntact([x, weight, dy, y, dx, dw, shares, gradient])
    return [
      (4 * inputs, y.values), (4 * classes, dx.values), (4 * batch, dw.values), (1, shares.values),
      (1, gradient.values),
    ]
  }

  @Test(arguments: sizes)
  func equalTheReference(_ size: Size) {
    let expected = results(ReferenceKernels.self, size)
    for kernels in builds {
      for (index, (found, expected)) in zip(results(kernels, size), expected).enumerated() {
        expectClose(found.values, expected.values, "\(kernels.name), result \(index), \(size)") { _ in
          Self.bound(expected.terms)
        }
      }
    }
  }

  @Test(arguments: sizes)
  func areTheSameInEveryBuild(_ size: Size) {
    let all = builds.map { results($0, size) }
    for other in all.dropFirst() {
      for (one, another) in zip(all[0], other) { expectEqual(one.values, another.values, "\(size)") }
    }
  }
}
