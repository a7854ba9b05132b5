import KernelShapes
import Kernels
import Testing

@Suite struct LossTests {
  private static let classes = [1, 2, 10, 15, 16, 17, 33, 256]

  @Test(arguments: classes)
  func base(_ classes: Int) { check(Build.base.kernels, classes) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: classes)
    func wide(_ classes: Int) { check(Build.wide.kernels, classes) }
  #endif

  /// An exponential of a difference that is rounded to half a unit at up to 128 is off by up to 2^-18 of itself.
  private static let share: Float = 0x1p-17

  private func check(_ kernels: any KernelSet.Type, _ classes: Int) {
    for batch in [0, 1, 3, 50] {
      for bound: Float in [1, 40] {
        let logits = TestNumbers.reals(batch * classes, seed: 1, bound: bound)
        compare(kernels, logits, classes)
        compare(kernels, logits.map { $0 + 1e4 }, classes)
        compare(kernels, logits.map { $0.rounded() }, classes)
      }
    }
  }

  private func compare(_ kernels: any KernelSet.Type, _ logits: [Float], _ classes: Int) {
    let found = run(kernels, logits, classes)
    let expected = run(ReferenceKernels.self, logits, classes)
    #expect(abs(found.loss - expected.loss) <= 1e-6 * max(1, expected.loss))
    #expect(found.correct == expected.correct)
    expectClose(found.gradient, expected.gradient, "gradient of the logits") { _ in Self.share * 0.25 }
  }

  @Test func aLogitThatIsNoNumberSpoilsTheLossAndIsNeverRight() {
    for kernels in builds {
      for value in [Float.nan, .infinity] {
        for place in 0..<17 {
          var logits = TestNumbers.reals(17, seed: 3)
          logits[place] = value
          let found = run(kernels, logits, 17)
          #expect(found.loss.isNaN && found.correct == 0)
          #expect(found.gradient.contains(where: \.isNaN) == true)
        }
      }
    }
  }

  @Test func aLogitOfMinusInfinityHasNoShare() {
    for kernels in builds {
      let found = run(kernels, [-.infinity, 0, 0], 3, label: 1)
      #expect(abs(found.loss - 0.693_147_18) < 1e-7)
      expectClose(found.gradient, [0, -0.125, 0.125], "gradient") { _ in roundoff }
      #expect(found.correct == 1)
    }
  }

  private func run(_ kernels: any KernelSet.Type, _ logits: [Float], _ classes: Int, label: Int? = nil)
    -> (loss: Double, correct: Int, gradient: [Float])
  {
    let batch = logits.count / classes
    let labels = (0..<batch).map { UInt8(label ?? $0 * 7 % classes) }
    let input = GuardedBuffer(logits)
    let gradient = GuardedBuffer(count: logits.count)
    let trained = kernels.softmaxCrossEntropy(
      batch: batch, classes: classes, logits: input.base, labels: labels, scale: 0.25, gradient: gradient.base
    )
    let evaluated = kernels.softmaxCrossEntropy(
      batch: batch, classes: classes, logits: input.base, labels: labels, scale: 0.25, gradient: nil)
    expectIntact([gradient])
    #expect(evaluated.loss == trained.loss || (evaluated.loss.isNaN && trained.loss.isNaN))
    #expect(evaluated.correct == trained.correct)
    return (trained.loss, trained.correct, gradient.values)
  }
}
