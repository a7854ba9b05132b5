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
    let inPlace = GuardedBuffer(dy.values)
    kernels.softmaxGradient(
      batch: batch, classes: classes, dy: inPlace.base, y: shares.base, into: inPlace.base)
    expectEqual(inPlace.values, gradient.values, "gradient of softmax in place")
    expectIntact([x, weight, dy, y, dx, dw, shares, gradient, inPlace])
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

  /// Logits of any size: rows sum to 1, and the largest takes all where the others are far below.
  @Test(arguments: [1, 3, 15, 16, 17, 100])
  func softmaxNeitherOverflowsNorLosesItsSum(classes: Int) {
    for kernels in builds + [ReferenceKernels.self] {
      for bound in [1, 80, 1e30, 1e38] as [Float] {
        let y = GuardedBuffer(TestNumbers.reals(4 * classes, seed: 6, bound: bound))
        kernels.softmax(batch: 4, classes: classes, x: y.base, into: y.base)
        for sample in 0..<4 {
          let row = y.values[sample * classes..<(sample + 1) * classes]
          #expect(row.allSatisfy { $0 >= 0 && $0 <= 1 })
          // One rounding an element.
          #expect(abs(row.reduce(0, +) - 1) <= roundoff * Float(classes + 2), "\(kernels.name), \(bound)")
        }
      }
    }
  }

  /// A row with a not-a-number is lost as a whole, as in PyTorch; the others are not.
  @Test func whatIsNotANumberStaysInItsSample() {
    let (inputs, classes) = (19, 18)
    for kernels in builds + [ReferenceKernels.self] {
      for place in [0, 7, 17] {
        let shares = GuardedBuffer(TestNumbers.reals(3 * classes, seed: 1))
        shares.base[classes + place] = .nan
        kernels.softmax(batch: 3, classes: classes, x: shares.base, into: shares.base)
        let rows = shares.values.enumerated().map { ($0 / classes == 1, $1.isNaN) }
        #expect(rows.allSatisfy { $0 == $1 }, "\(kernels.name), \(place)")

        let x = GuardedBuffer(TestNumbers.reals(3 * inputs, seed: 2))
        x.base[inputs + place] = .nan
        let weight = TestNumbers.reals(classes * inputs, seed: 3)
        let y = GuardedBuffer(count: 3 * classes)
        kernels.radialBasis(
          batch: 3, inputs: inputs, classes: classes, x: x.base, weight: weight, into: y.base)
        #expect(y.values.enumerated().allSatisfy { ($0 / classes == 1) == $1.isNaN }, "\(kernels.name)")
        let dy = TestNumbers.reals(3 * classes, seed: 4)
        let (dx, dw) = (GuardedBuffer(count: 3 * inputs), GuardedBuffer(count: weight.count, value: 0))
        kernels.radialBasisInputGradient(
          batch: 3, inputs: inputs, classes: classes, x: x.base, weight: weight, dy: dy, into: dx.base)
        #expect(dx.values.enumerated().allSatisfy { ($0 == inputs + place) == $1.isNaN }, "\(kernels.name)")
        kernels.radialBasisParameterGradients(
          batch: 3, inputs: inputs, classes: classes, x: x.base, weight: weight, dy: dy, weight: dw.base)
        #expect(dw.values.enumerated().allSatisfy { ($0 % inputs == place) == $1.isNaN }, "\(kernels.name)")
      }
    }
  }
}
