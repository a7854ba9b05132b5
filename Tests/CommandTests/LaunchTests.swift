import Foundation
import ProgramRunner
import Telemetry
import Testing

/// `scripts/launch`, which starts a job again.
@Suite(.serialized) struct LaunchTests {
  private func launch(_ arguments: [String], environment: [String: String] = [:]) throws -> Program {
    let options = ["--program", try Program.path("cnn-dist"), "--"]
    let split = arguments.firstIndex(of: "train") ?? arguments.endIndex
    return try Program(
      arguments[..<split] + options + arguments[split...], program: Program.script("launch"),
      environment: environment)
  }

  private func attempts(_ result: ProgramResult) -> Int {
    result.outputLines.filter { $0.hasPrefix("launch: attempt ") && $0.contains("mpirun") }.count
  }

  @Test(
    "fault 1: a worker killed under scripts/launch → starts again, ends with the bytes of an uninterrupted run"
  )
  func aKilledJobGoesOn() throws {
    let scratch = try ScratchDirectory()
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    let more = ["--checkpoint-every", "7", "--dropout", "0.2", "--max-steps", "300"]
    #expect(try Program.run(endlessTraining(whole, more), ranks: 2).status == 0)
    let program = try launch(["-n", "2"] + endlessTraining(parts, more))
    try program.wait(for: 40, of: parts)
    kill(try process(ofRank: 1, in: parts), SIGKILL)
    let result = try program.result()
    #expect(result.status == 0, "\(result.errors)")
    #expect(attempts(result) == 2, "\(result.output)")
    #expect(result.output.contains("resumed after step"))
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: whole))
    #expect(try losses(of: parts) == losses(of: whole))
  }

  /// The fault strikes in the same step again.
  @Test func whatFailsThreeTimesAtOnePlaceIsGivenUp() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try launch(
      ["-n", "2", "--max-restarts", "9"] + smallTraining(run, ["--checkpoint-every", "5"]),
      environment: ["CNN_DIST_FAULT": "kill@step=12,rank=1"])
    let result = try program.result()
    #expect(result.status == 137 && attempts(result) == 3, "\(result.errors)")
    let last = result.errors.split(separator: "\n").filter { $0.hasPrefix("launch: error: ") }
    #expect(
      last.count == 1
        && last[0].contains(
          "no further than the checkpoint of step 10; the first cause: attempt 1, code 137: rank 1 ")
        && last[0].contains("died in step 12"), "\(result.errors)")
  }

  @Test func restartsAreCounted() throws {
    let scratch = try ScratchDirectory()
    let program = try launch(
      ["-n", "2", "--max-restarts", "1"] + smallTraining(scratch.file("run")),
      environment: ["CNN_DIST_FAULT": "kill@step=12,rank=0"])
    let result = try program.result()
    #expect(result.status == 137 && attempts(result) == 2, "\(result.errors)")
    #expect(result.errors.contains("--max-restarts 1 are used up"))
  }

  @Test func whatWouldFailAgainIsNotTriedAgain() throws {
    let scratch = try ScratchDirectory()
    let result = try launch(["-n", "2"] + smallTraining(scratch.file("run"), ["--lr", "nan"])).result()
    #expect(result.status == 64 && attempts(result) == 1, "\(result.errors)")
  }

  @Test func aHostThatIsGoneIsLeftOut() throws {
    let scratch = try ScratchDirectory()
    let hosts = scratch.file("hosts")
    try "# two machines\nlocalhost slots=2\nnowhere.invalid slots=2\n".write(
      toFile: hosts, atomically: true, encoding: .utf8)
    let result = try launch(["-n", "4", "--hostfile", hosts] + smallTraining(scratch.file("run"))).result()
    #expect(result.status == 0 && attempts(result) == 2, "\(result.errors)")
    #expect(result.errors.contains("nowhere.invalid cannot be reached and is left out"))
    #expect(result.output.contains("2 ranks of"))
  }

  @Test func aRequestToStopIsPassedOn() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try launch(["-n", "2"] + endlessTraining(run))
    try program.wait(for: 20, of: run)
    program.send(SIGUSR1)
    let result = try program.result()
    #expect(result.status == 75 && attempts(result) == 1, "\(result.errors)")
    #expect(FileManager.default.fileExists(atPath: RunPaths(run).checkpoints + "/last/state.json"))
  }
}
