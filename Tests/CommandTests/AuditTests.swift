import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Replicas that a flipped bit of memory leads apart.
@Suite(.serialized) struct AuditTests {
  private func training(_ run: String, _ more: [String] = []) -> [String] {
    smallTraining(run, ["--audit-every", "7", "--eval-every", "0"] + more)
  }
  private static let flip = ["CNN_DIST_FAULT": "flip@parameter,rank=2,step=3"]

  @Test("fault 29: a bit of a parameter flipped on one rank → 76, names the rank and the first layer")
  func aReplicaThatDivergesIsFound() throws {
    let scratch = try ScratchDirectory()
    for way in [4, nil] as [Int?] {
      let run = scratch.file(way == nil ? "threads" : "mpi")
      let result = try Program.run(
        training(run, way == nil ? ["--ranks", "3"] : []), ranks: way, environment: Self.flip)
      #expect(result.status == 76, "\(result.errors)")
      let errors = result.ownErrors.filter { $0.contains("error: ") }
      // Half of lenet-max's 44,426 parameters lie before the first linear layer's weight ends.
      #expect(
        errors.count == 1 && errors[0].contains("7.weight differs on rank 2 (step 7); "), "\(result.errors)")
      let status = try StatusFile(RunPaths(run).status).read()
      #expect(status.state == .failed && status.exitCode == 76)
      #expect(!FileManager.default.fileExists(atPath: checkpoint(of: run, step: 10)))
    }
  }

  @Test("fault 29: the same before a save, of two ranks → 76, nothing is saved, both ranks named")
  func nothingIsSavedThatRanksDisagreeAbout() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(
      smallTraining(run, ["--checkpoint-every", "5", "--heal"]), ranks: 2,
      environment: ["CNN_DIST_FAULT": "flip@parameter,rank=1,step=8"])
    #expect(result.status == 76, "\(result.errors)")
    #expect(
      result.errors.contains("differs on rank 1 from rank 0 (step 10); no majority"), "\(result.errors)")
    #expect(try lastState(of: run)["step"] as? Int == 5)
  }

  @Test("fault 29: the same with --heal → healed from the majority, all ranks end with the same bytes")
  func aReplicaIsHealed() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(training(run, ["--heal"]), ranks: 4, environment: Self.flip)
    #expect(result.status == 0, "\(result.errors)")
    let healed = result.ownErrors.filter { $0.contains("healed from rank 0") }
    #expect(healed.count == 1 && healed[0].contains("on rank 2 (step 7)"), "\(result.errors)")
    // The audits of steps 14 and 20 find nothing more.
    #expect(try losses(of: run).count == 20)
  }

  /// Where ranks share the update, behind it all have the same whatever a rank made of its part: the flip is found before.
  @Test(
    "fault 29: the same with --shard-optimizer → found before the update, 76, or healed to the bytes of an untouched run"
  )
  func aReplicaIsComparedBeforeASharedUpdate() throws {
    let scratch = try ScratchDirectory()
    let shared = ["--shard-optimizer", "--audit-every", "3"]
    let found = try Program.run(
      training(scratch.file("found"), shared), ranks: 4, environment: Self.flip)
    #expect(
      found.status == 76 && found.errors.contains("7.weight differs on rank 2 (step 3); "), "\(found.errors)")
    let healed = try Program.run(
      training(scratch.file("healed"), shared + ["--heal"]), ranks: 4, environment: Self.flip)
    #expect(healed.status == 0 && healed.errors.contains("(step 3); healed from rank 0"), "\(healed.errors)")
    #expect(try Program.run(training(scratch.file("untouched")), ranks: 2).status == 0)
    #expect(try lastCheckpoint(of: scratch.file("healed")) == lastCheckpoint(of: scratch.file("untouched")))
  }

  /// Values, moments and average after every step.
  @Test func replicasThatAgreeAreLeftAlone() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      training(scratch.file("run"), ["--ema", "0.9", "--audit-every", "1"]), ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test func withoutAuditsNobodyLooks() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      training(scratch.file("run"), ["--audit-every", "0"]), ranks: 3, environment: Self.flip)
    #expect(result.status == 0, "\(result.errors)")
  }
}
