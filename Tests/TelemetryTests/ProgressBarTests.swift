import Telemetry
import Testing

@Suite struct ProgressBarTests {
  /// What a terminal shows at step 120 of 2350, 256 images each 50 ms.
  static func bar(columns: Int, unicode: Bool = true, color: Bool = false, step: Int = 120) -> String {
    let style = ConsoleStyle(drawsBar: true, usesColor: color, usesUnicode: unicode)
    let stage = ConsoleTests.Stage(style, columns: columns)
    stage.console.begin(RunPlan(stepsPerEpoch: 235, steps: 2350))
    for number in 1...step {
      stage.time.advance(number == step ? 0.05 + 0.1 : 0.05)
      stage.console.step(
        StepProgress(step: number, epoch: (number - 1) / 235 + 1, loss: 0.9607, accuracy: 0.622, images: 256))
    }
    return String(stage.output.writes.last!.dropFirst().dropLast(3))
  }

  @Test(arguments: [
    (15, "step  120/2350"),
    (20, "━━── step  120/2350"),
    (40, "━━━━━╸───── step  120/2350, loss 0.9607"),
    (80, "━━━━━━╸────── step  120/2350, loss 0.9607, acc 0.622, 2 min left, 5017 images/s"),
    (
      120,
      "epoch 1/10 ━━━━━━━━━━━━━━━─────────────── step  120/2350, loss 0.9607, acc 0.622, 2 min left (epoch 6 s), 5017 images/s"
    ),
  ])
  func fitsTheTerminal(_ columns: Int, _ expected: String) {
    #expect(Self.bar(columns: columns) == expected)
  }

  @Test func asciiWithoutUTF8() {
    let bar = Self.bar(columns: 80, unicode: false)
    #expect(bar == "======>------ step  120/2350, loss 0.9607, acc 0.622, 2 min left, 5017 images/s")
    #expect(bar.utf8.allSatisfy { $0 < 0x80 })
  }

  @Test(arguments: 1...200) func neverWraps(_ columns: Int) {
    for unicode in [true, false] {
      for step in [1, 120, 235] {
        #expect(Self.bar(columns: columns, unicode: unicode, step: step).count <= columns - 1)
      }
    }
  }

  @Test func colourTakesNoRoom() {
    let coloured = Self.bar(columns: 100, color: true)
    #expect(coloured.contains("\u{1B}[32m━"))
    let codes = ["\u{1B}[32m", "\u{1B}[2m", "\u{1B}[0m"]
    let bare = codes.reduce(coloured) { $0.split(separator: $1, omittingEmptySubsequences: false).joined() }
    #expect(bare == Self.bar(columns: 100))
  }

  @Test func aFullEpochIsAFullBar() {
    #expect(Self.bar(columns: 40, step: 235).hasPrefix("━━━━━━━━━━━ step"))
    #expect(Self.bar(columns: 40, unicode: false, step: 235).hasPrefix("=========== step"))
    #expect(Self.bar(columns: 40, step: 236).hasPrefix("─────────── step"))
  }
}
