import Testing
import Training

@Suite struct DeadStartTests {
  private let labels = (0..<1000).map { UInt8($0 % 10) }
  private let ln10 = 2.302585092994046

  private func judge(loss: Double, accuracy: Double, _ start: DeadStart) -> Bool {
    var window = StartWindow()
    for step in 1...start.steps {
      start.add(step: step, loss: loss * 10, correct: accuracy * 10, images: 10, to: &window)
    }
    return start.isDead(window)
  }

  private var ten: DeadStart { DeadStart(steps: 200, labels: labels, outputs: 10, smoothing: 0) }

  @Test func theGuessIsTheEntropyOfTheLabels() {
    #expect(abs(ten.guess.loss - ln10) < 1e-12 && ten.guess.accuracy == 0.1)
    // More outputs than classes: the bias of those that never occur is learned at once.
    let wide = DeadStart(steps: 200, labels: labels, outputs: 1000, smoothing: 0)
    #expect(abs(wide.guess.loss - ln10) < 1e-12)
    let uneven = DeadStart(steps: 200, labels: [0, 0, 0, 1], outputs: 2, smoothing: 0)
    #expect(abs(uneven.guess.loss - 0.5623351446188083) < 1e-12 && uneven.guess.accuracy == 0.75)
    // Smoothing moves uneven labels towards equal ones: 0.7 and 0.3.
    let smooth = DeadStart(steps: 200, labels: [0, 0, 0, 1], outputs: 2, smoothing: 0.2)
    #expect(abs(smooth.guess.loss - 0.6108643020548935) < 1e-7)
  }

  @Test(arguments: [
    (2.3026, 0.1, true), (2.30, 0.12, true), (9.0, 0.1, true), (2.35, 0.15, true), (2.2, 0.1, false),
    (1.1, 0.55, false), (2.3, 0.25, false), (5.0, 0.4, false), (Double.nan, 0.1, false),
  ])
  func aNetworkIsDeadThatIsNoBetterThanTheGuess(loss: Double, accuracy: Double, isDead: Bool) {
    #expect(judge(loss: loss, accuracy: accuracy, ten) == isDead)
  }

  /// A step that is left out, and so must not stand in a checkpoint either.
  @Test(arguments: [Double.nan, .infinity]) func aLossThatIsNotFiniteIsLeftOut(loss: Double) {
    var window = StartWindow()
    for step in 101...200 {
      ten.add(step: step, loss: step == 150 ? loss : 23, correct: 1, images: 10, to: &window)
    }
    #expect(window.numbers == [99 * 23, 99, 990])
  }

  @Test func oneClassAloneIsNeverDead() {
    let one = DeadStart(steps: 200, labels: [3, 3], outputs: 10, smoothing: 0)
    #expect(!judge(loss: 1e-4, accuracy: 1, one) && !judge(loss: 2.3, accuracy: 0, one))
  }

  @Test func onlyTheLastStepsCount() {
    var window = StartWindow()
    for step in 1...300 {
      let isLate = (101...200).contains(step)
      ten.add(step: step, loss: isLate ? 20 : 1000, correct: isLate ? 2 : 0, images: 10, to: &window)
    }
    #expect(window.numbers == [2000, 200, 1000])
    #expect(StartWindow(window.numbers) == window)
  }

  @Test func zeroStepsAskNever() {
    let never = DeadStart(steps: 0, labels: labels, outputs: 10, smoothing: 0)
    var window = StartWindow()
    for step in 0...3 { never.add(step: step, loss: 23, correct: 1, images: 10, to: &window) }
    #expect(!never.isDead(window) && window.numbers == nil)
  }

  private func cause(
    loss: Double = 2.303, gradientNorm: Double = 1, _ model: String,
    _ change: (inout TrainingSettings) -> Void
  ) -> String {
    var settings = TrainingSettings()
    settings.model = model
    change(&settings)
    var window = StartWindow()
    (window.loss, window.correct, window.images) = (loss * 100, 10, 100)
    return ten.report(window, gradientNorm: gradientNorm, settings: settings)
  }

  @Test func theLikeliestCauseIsNamed() {
    #expect(cause("vgg11") { _ in }.hasSuffix("try --initialization he"))
    #expect(cause("lenet") { _ in }.hasSuffix("try --initialization xavier"))
    #expect(cause("lenet") { $0.learningRate = 1e-9 }.contains("is too low"))
    #expect(cause(loss: 7, "lenet") { $0.learningRate = 3 }.contains("--lr 3.0 is too high"))
    #expect(
      cause(gradientNorm: 0, "vgg11") { $0.initialization = .he }.contains("the gradient vanishes"))
    #expect(
      cause("lenet") {
        $0.initialization = .xavier
        $0.optimizer = .sgd
      }.contains("plateau"))
    #expect(cause("vgg11") { $0.initialization = .he }.contains("too high for --optimizer adam"))
    #expect(
      cause("vgg11") { _ in }.hasPrefix(
        "the network has not begun to learn: after 200 steps its loss 2.3030 and accuracy 0.100"))
  }
}
