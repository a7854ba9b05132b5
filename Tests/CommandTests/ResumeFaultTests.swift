import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Runs that go on where something is not as it was.
@Suite(.serialized) struct ResumeFaultTests {
  let scratch: ScratchDirectory
  let run: String

  init() throws {
    scratch = try ScratchDirectory()
    run = scratch.file("run")
  }

  @Test("fault 15: resumed on 1, 2 and 4 ranks after 2 → goes on, says so, and learns the same")
  func anotherNumberOfRanks() throws {
    let whole = scratch.file("whole")
    #expect(try Program.run(tinyTraining(whole, steps: 4), ranks: 2).status == 0)
    let expected = try losses(of: whole)
    for ranks in [1, 2, 4] {
      let run = scratch.file("\(ranks)")
      #expect(try Program.run(tinyTraining(run, steps: 2), ranks: 2).status == 0)
      let resumed = try Program.run(tinyTraining(run, steps: 4, ["--resume", "auto"]), ranks: ranks)
      #expect(resumed.status == 0, "\(resumed.errors)")
      let note = "saved on 2 ranks, goes on with \(ranks): "
      #expect(resumed.output.contains(note) == (ranks != 2), "\(resumed.output)")
      let found = try losses(of: run)
      #expect(found.count == 4)
      for (one, other) in zip(found, expected) { #expect(abs(one - other) < TrainTests.tolerance) }
      if resumed.output.contains("\(note)to the same bits") || ranks == 2 {
        #expect(try lastCheckpoint(of: run) == lastCheckpoint(of: whole))
      }
    }
  }

  @Test("fault 16: resumed with another seed, batch, data or architecture → 78, a table; --override goes on")
  func otherSettingsOfTheRun() throws {
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    for (options, row) in [
      (["--seed", "7"], "  --seed   1    7"), (["--batch-size", "8"], "  --batch-size  16   8"),
      (["--train-limit", "32"], "  --train-limit  64            32"),
      (["--classes", "12"], "  --classes  10   12"),
      (["--no-shuffle"], "  --shuffle  true  false"),
    ] {
      let arguments = tinyTraining(run, steps: 4, ["--resume", "auto"] + options)
      let refused = try Program.run(arguments, ranks: 2)
      expectFailure(refused, 78, "other settings", "--override")
      #expect(refused.errors.split(separator: "\n").contains(Substring(row)), "\(row): \(refused.errors)")
    }
    // An architecture whose tensors are others stays another.
    expectFailure(
      try Program.run(tinyTraining(run, steps: 4, ["--resume", "auto", "--classes", "12", "--override"])), 65,
      "another model's weights")
    let allowed = try Program.run(
      tinyTraining(run, steps: 4, ["--resume", "auto", "--seed", "7", "--batch-size", "8", "--override"]),
      ranks: 2)
    #expect(allowed.status == 0 && allowed.errors.contains("  --seed        1    7"), "\(allowed.errors)")
    let state = try lastState(of: run)
    #expect(state["seed"] as? Int == 7 && state["batch_size"] as? Int == 8 && state["step"] as? Int == 4)
    // From then on these are its settings.
    let again = try Program.run(
      tinyTraining(run, steps: 6, ["--resume", "auto", "--seed", "7", "--batch-size", "8"]))
    #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
  }

  @Test("fault 16: resumed with another learning rate → goes on with it, after a table; other moments → 78")
  func otherWaysToLearn() throws {
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    let warned = try Program.run(tinyTraining(run, steps: 4, ["--resume", "auto", "--lr", "0.002"]))
    #expect(warned.status == 0, "\(warned.errors)")
    #expect(warned.ownErrors.count == 1 && warned.errors.contains("\n  --lr     "), "\(warned.errors)")
    for other in [["--ema", "0.9"], ["--optimizer", "sgd"]] {
      let result = try Program.run(tinyTraining(run, steps: 6, ["--resume", "auto"] + other))
      expectFailure(result, 78, "--optimizer, --momentum, --ema, --wire and --batch-size")
    }
  }

  @Test("fault 34: a torn last line and rows past the resumed step in metrics.jsonl → dropped, no step twice")
  func tornMetrics() throws {
    let whole = scratch.file("whole")
    #expect(try Program.run(tinyTraining(whole, steps: 8, ["--eval-every", "1"])).status == 0)
    // What a job leaves that is killed after its last checkpoint.
    #expect(try Program.run(tinyTraining(run, steps: 4, ["--eval-every", "1"])).status == 0)
    let rows = try String(contentsOfFile: RunPaths(whole).metrics, encoding: .utf8).split(separator: "\n")
    let past = rows.suffix(3).map { $0.replacingOccurrences(of: "\"loss\":", with: "\"loss\":9") }
    try damage(RunPaths(run).metrics) {
      $0 += Data("\(past.joined(separator: "\n"))\n\(rows[0].prefix(40))".utf8)
    }
    try damage(RunPaths(run).results) { $0 += Data("2,0.5,0.5,0.5\n3,0.".utf8) }
    let resumed = try Program.run(tinyTraining(run, steps: 8, ["--eval-every", "1", "--resume", "auto"]))
    #expect(resumed.status == 0, "\(resumed.errors)")
    let (found, expected) = (
      try MetricsReader.read(RunPaths(run).metrics), try MetricsReader.read(RunPaths(whole).metrics)
    )
    #expect(found.map(\.step) == expected.map(\.step) && found.map(\.split) == expected.map(\.split))
    #expect(found.map(\.loss) == expected.map(\.loss))
    #expect(try ResultsWriter.read(RunPaths(run).results).map(\.epoch) == [1, 2])
  }
}
