import Failures
import Foundation
import Telemetry
import Testing

@Suite struct ConsoleTests {
  static let terminal = ConsoleStyle(drawsBar: true, usesColor: false, usesUnicode: true)
  static let plain = ConsoleStyle(environment: ["TERM": "xterm", "LANG": "C.UTF-8"])

  struct Stage {
    let time = ManualTime()
    let output: MemorySink
    let errors = MemorySink()
    let console: Console

    init(_ style: ConsoleStyle, columns: Int? = nil) {
      output = MemorySink(columns: columns)
      console = Console(style: style, output: output, errors: errors, time: time.source)
    }

    /// Steps of 256 images, each `seconds` long.
    func run(_ steps: ClosedRange<Int>, epoch: Int = 1, seconds: Double) {
      for step in steps {
        time.advance(seconds)
        console.step(StepProgress(step: step, epoch: epoch, loss: 0.9607, accuracy: 0.622, images: 256))
      }
    }
  }

  static let first = EpochResult(
    epoch: 1, loss: 1.8508, trainAccuracy: 0.317, testAccuracy: 0.587, seconds: 31, imagesPerSecond: 1935,
    learningRate: 0.001)

  @Test func theEpochLineIsTheNotebooks() {
    let stage = Stage(Self.plain)
    stage.console.epoch(Self.first)
    #expect(stage.output.text == "epoch 1, loss 1.8508, train acc 0.317, test acc 0.587, time 31.0 sec\n")
  }

  @Test(arguments: [
    (
      Float(0.00004), Double(0.9995), Double?(0.5875), Float(0.04),
      "loss 0.0000, train acc 1.000, test acc 0.588, time 0.0 sec"
    ),
    (2.30258, 0.1, nil, 3600.25, "loss 2.3026, train acc 0.100, time 3600.2 sec"),
    (.nan, 0, .nan, 1.05, "loss nan, train acc 0.000, test acc nan, time 1.0 sec"),
    (.infinity, 0.0625, 0.5625, 99.95, "loss inf, train acc 0.062, test acc 0.562, time 99.9 sec"),
    (-0.00001, 0, 0, 9.96, "loss -0.0000, train acc 0.000, test acc 0.000, time 10.0 sec"),
    (1234.5, 0, 0, 0, "loss 1234.5000, train acc 0.000, test acc 0.000, time 0.0 sec"),
  ])
  func numbersAreRounded(
    _ loss: Float, _ train: Double, _ test: Double?, _ seconds: Float, _ expected: String
  ) {
    var result = Self.first
    (result.loss, result.trainAccuracy, result.testAccuracy, result.seconds) = (loss, train, test, seconds)
    #expect(Console.epochLine(result) == "epoch 1, \(expected)")
  }

  @Test func elsewhereALineComesEveryTenSeconds() {
    let stage = Stage(Self.plain)
    stage.console.begin(RunPlan(stepsPerEpoch: 235, steps: 2350))
    stage.run(1...120, seconds: 0.0625)
    #expect(stage.output.writes.isEmpty)
    stage.run(121...170, seconds: 0.0625)
    #expect(
      stage.output.writes == ["step 160/2350, epoch 1, 4096 images/s, loss 0.9607, acc 0.622, 2 min left\n"])
    stage.run(171...480, seconds: 0.0625)
    #expect(stage.output.writes.count == 3)
  }

  @Test func slowStepsAreShownEach() {
    let stage = Stage(Self.plain)
    stage.console.begin(RunPlan(stepsPerEpoch: 10, steps: 3))
    stage.run(1...3, seconds: 32)
    #expect(
      stage.output.writes == [
        "step 1/3, epoch 1, 8.0 images/s, loss 0.9607, acc 0.622, 1 min left\n",
        "step 2/3, epoch 1, 8.0 images/s, loss 0.9607, acc 0.622, 32 s left\n",
        "step 3/3, epoch 1, 8.0 images/s, loss 0.9607, acc 0.622, 0 s left\n",
      ])
  }

  @Test func evaluationsCountForTheTimeLeft() {
    let stage = Stage(Self.plain)
    stage.console.begin(RunPlan(stepsPerEpoch: 10, steps: 30))
    stage.run(1...10, seconds: 1)
    stage.time.advance(60)
    stage.console.epoch(Self.first)
    stage.run(11...11, epoch: 2, seconds: 1)
    // 19 steps of 1 s and two evaluations of 60 s; the evaluation does not slow the images.
    #expect(
      stage.output.writes.last == "step 11/30, epoch 2, 256 images/s, loss 0.9607, acc 0.622, 2 min left\n")
  }

  @Test func aTerminalIsRedrawnTenTimesASecond() {
    let stage = Stage(Self.terminal, columns: 80)
    stage.console.begin(RunPlan(stepsPerEpoch: 1000, steps: 1000))
    stage.run(1...1000, seconds: 0.001)
    #expect((10...11).contains(stage.output.writes.count))
    #expect(
      stage.output.writes.allSatisfy { $0.hasPrefix("\r") && $0.hasSuffix("\u{1B}[K") && !$0.contains("\n") })
  }

  @Test func theBarIsTakenAwayBeforeOtherLines() {
    let stage = Stage(Self.terminal, columns: 80)
    stage.console.begin(RunPlan(stepsPerEpoch: 10, steps: 10))
    stage.run(1...1, seconds: 1)
    stage.console.epoch(Self.first)
    stage.console.line("one\ntwo")
    stage.run(2...2, seconds: 1)
    stage.console.warning("slow")
    stage.run(3...3, seconds: 1)
    stage.console.clear()
    stage.console.clear()
    stage.console.activity("evaluating")
    stage.console.clear()
    let writes = stage.output.writes
    #expect(writes.count == 9)
    #expect(writes[1] == "\r\u{1B}[K" + Console.epochLine(Self.first) + "\n")
    #expect(writes[2] == "one\ntwo\n")
    #expect(writes[4] == "\r\u{1B}[K")
    #expect(Array(writes[6...]) == ["\r\u{1B}[K", "\revaluating\u{1B}[K", "\r\u{1B}[K"])
    #expect(stage.errors.writes == ["cnn-dist: warning: slow\n"])
  }

  @Test func aTerminalThatChangesIsFollowed() {
    let stage = Stage(Self.terminal, columns: 80)
    stage.console.begin(RunPlan(stepsPerEpoch: 10, steps: 10))
    stage.run(1...1, seconds: 1)
    stage.output.columns = 30
    stage.run(2...2, seconds: 1)
    let widths = stage.output.writes.map { $0.dropFirst().dropLast(3).count }
    #expect(widths[0] > 30 && widths[1] <= 29)
  }

  @Test func quietMeansWarningsAndErrorsOnly() {
    var style = Self.plain
    style.isQuiet = true
    let stage = Stage(style)
    stage.console.begin(RunPlan(stepsPerEpoch: 10, steps: 10))
    stage.run(1...10, seconds: 20)
    stage.console.epoch(Self.first)
    stage.console.line("hello")
    stage.console.activity("evaluating")
    stage.console.warning("a")
    stage.console.error(Failure(.cannotWrite, "b", at: "c", advice: "d"))
    #expect(stage.output.writes.isEmpty)
    #expect(stage.errors.writes == ["cnn-dist: warning: a\n", "cnn-dist: error: b (c); d\n"])
  }

  @Test func theSilentConsoleSaysNothing() async {
    await #expect(processExitsWith: .success, observing: [\.standardOutputContent, \.standardErrorContent]) {
      let console = Console.silent
      console.begin(RunPlan(stepsPerEpoch: 1, steps: 1))
      console.step(StepProgress(step: 1, epoch: 1, loss: 0, accuracy: 0, images: 1))
      console.epoch(Self.first)
      console.line("x")
      console.warning("x")
      console.error(Failure(.usage, "x"))
      guard !console.isDue else { exit(1) }
    }
  }

  @Test func namesCannotDriveTheTerminal() {
    let stage = Stage(Self.terminal, columns: 80)
    stage.console.line("data in \u{1B}]0;x\u{7}\u{9B}2J\u{202E}")
    stage.console.error(Failure(.missingInput, "no\nsuch file", at: "a\rb"))
    #expect(stage.output.text == "data in \\u{1b}]0;x\\u{7}\\u{9b}2J\\u{202e}\n")
    #expect(stage.errors.text == "cnn-dist: error: no\\nsuch file (a\\u{d}b)\n")
  }

  @Test func isDueTellsWhetherAStepShows() {
    let stage = Stage(Self.plain)
    #expect(!stage.console.isDue)
    stage.console.begin(RunPlan(stepsPerEpoch: 10, steps: 10))
    #expect(!stage.console.isDue)
    stage.time.advance(10)
    #expect(stage.console.isDue)
    stage.run(1...1, seconds: 0)
    #expect(!stage.console.isDue && stage.output.writes.count == 1)
  }

  @Test func stepsBeforeTheBeginningAreNotShown() {
    let stage = Stage(Self.plain)
    stage.run(1...3, seconds: 100)
    #expect(stage.output.writes.isEmpty)
  }
}
