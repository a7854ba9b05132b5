import Foundation
import ProgramRunner
import Telemetry
import Testing

/// What watches over a run: the dead start and the gradient that is not finite.
@Suite(.serialized) struct GuardTests {
  /// No step of 1e-12 changes what the network says.
  private func dead(_ run: String, _ more: [String] = []) -> [String] {
    [
      "train", "lenet-max", "--train-limit", "1280", "--test-limit", "200", "--batch-size", "64", "--lr",
      "1e-12", "--dead-steps", "30", "--log-every", "1", "--run", run,
    ] + more
  }

  private func warnings(_ result: ProgramResult) -> [Substring] {
    result.ownErrors.filter { $0.contains("has not begun to learn") }
  }

  @Test func aDeadStartIsWarnedAboutOnce() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(dead(run, ["--max-steps", "50"]), ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
    #expect(warnings(result).count == 1, "\(result.errors)")
    #expect(warnings(result).first?.contains("--lr 1e-12 is too low") == true)
    #expect(try losses(of: run).count == 50)
    #expect(try lastState(of: run)["restarts"] == nil)
  }

  /// Plain SGD at a rate that saturates every sigmoid at once.
  @Test func aRateThatIsTooHighIsWarnedAbout() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      dead(scratch.file("run"), ["--lr", "1000", "--optimizer", "sgd", "--max-steps", "30"]))
    #expect(
      warnings(result).count == 1 && warnings(result).first?.contains("too high") == true, "\(result.errors)")
  }

  @Test func aNetworkThatLearnsIsLeftAlone() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run([
      "train", "lenet5", "--train-limit", "1280", "--test-limit", "200", "--batch-size", "64", "--dead-steps",
      "30", "--restart-dead", "3", "--max-steps", "40", "--run", run,
    ])
    #expect(result.status == 0 && warnings(result).isEmpty, "\(result.errors)")
    #expect(try lastState(of: run)["seed"] as? Int == 1)
  }

  /// One epoch of the dead start is complete when it is given up: nothing of it stays.
  @Test func aDeadStartBeginsAnewWithTheNextSeed() throws {
    let scratch = try ScratchDirectory()
    let (whole, parts, third) = (scratch.file("whole"), scratch.file("parts"), scratch.file("third"))
    let options = ["--restart-dead", "2", "--ema", "0.9"]
    let result = try Program.run(dead(whole, options + ["--max-steps", "50"]), ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
    #expect(warnings(result).count == 3, "\(result.errors)")
    #expect(result.ownErrors.filter { $0.contains("begins anew with seed 3, 2 of 2") }.count == 1)
    let state = try lastState(of: whole)
    #expect(state["seed"] as? Int == 3 && state["restarts"] as? Int == 2 && state["step"] as? Int == 50)
    let status = try StatusFile(RunPaths(whole).status).read()
    #expect(status.message == "restarted 2 times after a dead start, seed 3")
    #expect(try losses(of: whole).count == 50)
    #expect(try ResultsWriter.read(RunPaths(whole).results).map(\.epoch) == [1, 2])

    // A run that is stopped before its third start is judged goes on with it, and ends with the same bytes.
    let first = try Program.run(dead(parts, options + ["--max-steps", "25"]), ranks: 2)
    #expect(first.status == 0 && warnings(first).isEmpty)
    let resumed = try Program.run(dead(parts, options + ["--max-steps", "50", "--resume", "auto"]), ranks: 2)
    #expect(resumed.status == 0 && warnings(resumed).count == 3, "\(resumed.errors)")
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: whole))
    #expect(try losses(of: parts) == losses(of: whole))

    // It is the run that begins with that seed, and a restarted one resumes with it.
    let fresh = try Program.run(dead(third, ["--ema", "0.9", "--seed", "3", "--max-steps", "50"]), ranks: 2)
    #expect(fresh.status == 0)
    #expect(try lastCheckpoint(of: third) == lastCheckpoint(of: whole))
    for (run, seed) in [(whole, options), (third, ["--ema", "0.9", "--seed", "3"])] {
      let more = try Program.run(dead(run, seed + ["--max-steps", "60", "--resume", "auto"]), ranks: 2)
      #expect(more.status == 0 && warnings(more).isEmpty, "\(more.errors)")
    }
    #expect(try lastCheckpoint(of: third) == lastCheckpoint(of: whole))
  }

  private static let fault = ["CNN_DIST_FAULT": "nan@gradient,rank=1,step=3"]

  @Test(
    "fault 28: a gradient that is not a number on one rank → 70, names rank, step and layer; the last checkpoint stays"
  )
  func aGradientThatIsNotFiniteNamesRankStepAndLayer() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(
      smallTraining(run, ["--checkpoint-every", "1", "--accumulate", "2"]), ranks: 2, environment: Self.fault)
    #expect(result.status == 70, "\(result.errors)")
    let errors = result.ownErrors.filter { $0.contains("error") }
    #expect(
      errors == [
        "cnn-dist: error: the gradient of 0.weight is not finite on rank 1 (step 3, epoch 1); "
          + "lower --lr; the last checkpoint is as it was"
      ], "\(result.errors)")
    #expect(try lastState(of: run)["step"] as? Int == 2)
    let status = try StatusFile(RunPaths(run).status).read()
    #expect(status.state == .failed && status.message.contains("rank 1"))
  }

  @Test("fault 28: the same with --on-nonfinite skip:1 → its update is left out, training goes on")
  func aGradientThatIsNotFiniteCanBeLeftOut() throws {
    let scratch = try ScratchDirectory()
    let (run, parts) = (scratch.file("run"), scratch.file("parts"))
    let arguments = smallTraining(
      run, ["--checkpoint-every", "1", "--keep", "99", "--on-nonfinite", "skip:1", "--ema", "0.9"])
    let result = try Program.run(arguments, ranks: 4, environment: Self.fault)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.ownErrors.filter { $0.contains("on rank 1 (step 3, epoch 1)") }.count == 1, "\(result.errors)")
    let found = try [2, 3, 4].map { try Weights.model(of: run, step: $0).body }
    #expect(found[0] == found[1] && found[1] != found[2])
    let moments = try [2, 3].map { try Weights.optimizer(of: run, step: $0).body }
    #expect(moments[0] == moments[1])
    #expect(try lastState(of: run)["updates"] as? Int == 19)
    // Adam's bias correction counts updates, also after a resume.
    let resumed = try Program.run(
      arguments + ["--run", parts, "--resume", checkpoint(of: run, step: 5)], ranks: 4)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: run))
  }

  @Test func onlySoManyAreLeftOut() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      [
        "train", "alexnet-small", "--image-size", "67", "--dataset", "synthetic", "--train-limit", "64",
        "--batch-size", "16", "--optimizer", "sgd", "--lr", "1000", "--max-steps", "50", "--eval-every", "0",
        "--on-nonfinite", "skip:2", "--run", scratch.file("run"),
      ], ranks: 2)
    #expect(result.status == 70, "\(result.errors)")
    #expect(result.ownErrors.filter { $0.contains("left out") }.count == 2, "\(result.errors)")
    #expect(result.ownErrors.filter { $0.contains("on ranks 0, 1") && $0.contains("error") }.count == 1)
  }

  @Test func anUnknownFaultIsAConfigurationError() throws {
    let result = try Program.run(
      ["train", "lenet"], ranks: 2, environment: ["CNN_DIST_FAULT": "flood@cellar"])
    #expect(result.status == 78 && result.errors.contains("unknown fault 'flood@cellar' (CNN_DIST_FAULT)"))
  }
}
