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

  /// How targets differ from labels alone.
  private struct Blend {
    var isBlended = false
    var smoothing: Float = 0

    static let all = [
      Blend(), Blend(smoothing: 0.1), Blend(smoothing: 1), Blend(isBlended: true),
      Blend(isBlended: true, smoothing: 0.25),
    ]
  }

  private func check(_ kernels: any KernelSet.Type, _ classes: Int) {
    for (batch, blend) in [0, 1, 3, 50].flatMap({ batch in Blend.all.map { (batch, $0) } }) {
      for bound: Float in [1, 40] {
        let logits = TestNumbers.reals(batch * classes, seed: 1, bound: bound)
        compare(kernels, logits, classes, blend)
        compare(kernels, logits.map { $0 + 1e4 }, classes, blend)
        compare(kernels, logits.map { $0.rounded() }, classes, blend)
      }
    }
  }

  private func compare(_ kernels: any KernelSet.Type, _ logits: [Float], _ classes: Int, _ blend: Blend) {
    let found = run(kernels, logits, classes, blend)
    let expected = run(ReferenceKernels.self, logits, classes, blend)
    #expect(abs(found.loss - expected.loss) <= 1e-6 * max(1, expected.loss))
    #expect(found.correct == expected.correct)
    expectClose(found.gradient, expected.gradient, "gradient of the logits") { _ in Self.share * 0.25 }
  }

  /// Whatever cannot change the target must not change the numbers much, and labels alone must not change at all.
  @Test func labelsBlendedWithThemselvesAreLabels() {
    for kernels in builds {
      let logits = TestNumbers.reals(34, seed: 4)
      let labels: [UInt8] = [3, 16]
      let plain = labels.withTargets { score(kernels, logits, 17, $0) }
      let blended = labels.withTargets(labels, [0.25, 0.5]) { score(kernels, logits, 17, $0) }
      #expect(abs(plain.loss - blended.loss) < 1e-12)
      #expect(plain.correct == blended.correct && plain.gradient == blended.gradient)
    }
  }

  @Test func aLogitThatIsNoNumberSpoilsTheLossAndIsNeverRight() {
    for kernels in builds {
      for value in [Float.nan, .infinity] {
        for place in 0..<17 {
          var logits = TestNumbers.reals(17, seed: 3)
          logits[place] = value
          for blend in Blend.all {
            let found = run(kernels, logits, 17, blend)
            #expect(found.loss.isNaN && found.correct == 0)
            #expect(found.gradient.contains(where: \.isNaN) == true)
          }
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
      // Blended with a class that has no share, too.
      let blended = [UInt8(1)].withTargets([0], [1]) { score(kernels, [-.infinity, 0, 0], 3, $0) }
      #expect(blended.loss == found.loss && blended.gradient == found.gradient)
      let smoothed = [UInt8(1)].withTargets(smoothing: 0.1) { score(kernels, [-.infinity, 0, 0], 3, $0) }
      #expect(smoothed.loss == .infinity && smoothed.correct == 1)
    }
  }

  private func run(
    _ kernels: any KernelSet.Type, _ logits: [Float], _ classes: Int, _ blend: Blend = Blend(),
    label: Int? = nil
  ) -> (loss: Double, correct: Int, gradient: [Float]) {
    let batch = logits.count / classes
    // One more than the batch, as an empty batch's labels lie somewhere too.
    let labels = (0...batch).map { UInt8(label ?? $0 * 7 % classes) }
    let others = (0...batch).map { UInt8($0 * 5 % classes) }
    let shares = (0...batch).map { Float($0 % 5) / 4 }
    return labels.withTargets(
      blend.isBlended ? others : nil, blend.isBlended ? shares : nil, smoothing: blend.smoothing
    ) { score(kernels, logits, classes, $0) }
  }

  private func score(
    _ kernels: any KernelSet.Type, _ logits: [Float], _ classes: Int, _ targets: LossTargets
  ) -> (loss: Double, correct: Int, gradient: [Float]) {
    let batch = logits.count / classes
    let input = GuardedBuffer(logits)
    let gradient = GuardedBuffer(count: logits.count)
    let trained = kernels.softmaxCrossEntropy(
      batch: batch, classes: classes, logits: input.base, targets: targets, scale: 0.25,
      gradient: gradient.base)
    let evaluated = kernels.softmaxCrossEntropy(
      batch: batch, classes: classes, logits: input.base, targets: targets, scale: 0.25, gradient: nil)
    expectIntact([gradient])
    #expect(evaluated.loss == trained.loss || (evaluated.loss.isNaN && trained.loss.isNaN))
    #expect(evaluated.correct == trained.correct)
    return (trained.loss, trained.correct, gradient.values)
  }
}
