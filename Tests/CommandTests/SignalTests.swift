import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Jobs that are killed, stopped and interrupted from outside.
@Suite(.serialized) struct SignalTests {
  /// Goes on with a run for some steps more.
  private func resume(_ run: String, _ more: [String] = []) throws -> ProgramResult {
    let steps = try losses(of: run).count + 50
    return try Program.run(
      endlessTraining(run, ["--resume", "auto", "--max-steps", "\(steps)"] + more), ranks: 2)
  }

  /// Nothing half written bears a final name, and nothing is left of what was.
  private func expectTidy(_ run: String, _ location: SourceLocation = #_sourceLocation) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: RunPaths(run).checkpoints)
    #expect(
      names.allSatisfy { $0.hasPrefix("step-") || $0 == "last" || $0 == "best" }, "\(names)",
      sourceLocation: location)
  }

  /// A set of signals that `/proc/PID/status` tells of a process: `SigCgt`, those it catches; `ShdPnd`, those it has yet
  /// to be given.
  private func signals(_ set: String, of process: pid_t) throws -> Set<Int32> {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(set):") })
    let bits = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
    return Set((1...64).filter { bits & 1 << UInt64($0 - 1) != 0 })
  }

  @Test("fault 1: kill -9 of a worker → all ranks gone in 5 s, 137; --resume auto goes on")
  func aKilledWorker() throws { try aKilledRank(1) }

  @Test(
    "fault 2: kill -9 of the coordinator while it saves after every step → the same, nothing half is left")
  func aKilledCoordinator() throws { try aKilledRank(0) }

  private func aKilledRank(_ rank: Int) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run, ["--checkpoint-every", "1"]), ranks: 3)
    try program.wait(for: 20, of: run)
    let processes = try (0..<3).map { try process(ofRank: $0, in: run) }
    kill(processes[rank], SIGKILL)
    #expect(areGone(processes, within: 5))
    let result = try program.result()
    #expect(result.status == 137, "\(result.errors)")
    #expect(result.ownErrors.last?.contains("rank \(rank) (") == true, "\(result.errors)")
    let resumed = try resume(run)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("resumed after step"))
    try expectTidy(run)
  }

  @Test("fault 3: kill -9 of mpirun → no rank left after 10 s; doctor lists what it left in /dev/shm")
  func aKilledLauncher() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run), ranks: 2)
    try program.wait(for: 20, of: run)
    let processes = try (0..<2).map { try process(ofRank: $0, in: run) }
    let segments = Set(
      try processes.flatMap { process in
        try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8).split(separator: "\n")
          .compactMap { $0.firstMatch(of: /\/dev\/shm\/(vader_segment\.\S+)$/).map { String($0.1) } }
      })
    #expect(segments.count == 2, "\(segments)")
    program.send(SIGKILL)
    #expect(areGone(processes, within: 10))
    // What mpirun would have deleted is left, as a rule.
    let left = segments.filter { FileManager.default.fileExists(atPath: "/dev/shm/\($0)") }
    let doctor = try Program.run(["doctor", "--json"])
    for segment in left {
      #expect(doctor.output.contains(segment), "\(doctor.output)")
      try FileManager.default.removeItem(atPath: "/dev/shm/\(segment)")
    }
    #expect(try program.result().status == 137)
    #expect(try resume(run).status == 0)
  }

  @Test(
    "fault 5: SIGTERM or SIGINT to mpirun → nothing corrupt, says how to resume",
    arguments: [SIGTERM, SIGINT])
  func anEndFromOutside(signal: Int32) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run, ["--checkpoint-every", "3"]), ranks: 2)
    try program.wait(for: 20, of: run)
    program.send(signal)
    let result = try program.result()
    #expect(result.status != 0)
    #expect(result.output.contains("--resume auto") || result.errors.contains("--resume auto"), "\(result)")
    let resumed = try resume(run)
    #expect(resumed.status == 0 && resumed.output.contains("resumed after step"), "\(resumed.errors)")
    try expectTidy(run)
  }

  @Test(
    "fault 6: SIGUSR1, SIGTERM or SIGINT while the program starts → saved after the first step, 75",
    arguments: [SIGUSR1, SIGTERM, SIGINT])
  func aSignalDuringStartUp(signal: Int32) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run))
    // Before the run has a directory, as soon as the signal is caught at all.
    try program.wait(seconds: 10) { try self.signals("SigCgt", of: program.identifier).contains(signal) }
    program.send(signal)
    let result = try program.result()
    #expect(result.status == 75, "\(result.errors)")
    #expect(try lastState(of: run)["step"] as? Int == 1)
  }

  @Test("fault 7: Ctrl-C twice → dies at once, the files are valid")
  func twoInterrupts() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let training = endlessTraining(run, ["--ranks", "2", "--checkpoint-every", "1"])
    // A step that never ends, so that the second Ctrl-C comes within the same.
    let program = try Program(training, environment: ["CNN_DIST_FAULT": "hang@step=9,rank=1"])
    try program.wait(for: 8, of: run)
    // Saves are made beside training: the first may take longer than a step.
    try program.wait {
      FileManager.default.fileExists(atPath: run + "/checkpoints/last/state.json")
    }
    program.send(SIGINT)
    // Two that wait to be delivered would be one.
    try program.wait { try !self.signals("ShdPnd", of: program.identifier).contains(SIGINT) }
    #expect(!areGone([program.identifier], within: 0.2))
    program.send(SIGINT)
    let began = Date()
    let result = try program.result()
    #expect(result.status == 128 + SIGINT, "\(result.output)")
    #expect(Date().timeIntervalSince(began) < 2)
    let resumed = try Program.run(training + ["--resume", "auto", "--max-steps", "12"])
    #expect(resumed.status == 0 && resumed.output.contains("resumed after step"), "\(resumed.errors)")
    try expectTidy(run)
  }

  @Test("fault 15: a run of 2 ranks resumed on 4, on 1 and on 3 threads → goes on as it would have")
  func anotherNumberOfRanks() throws {
    let scratch = try ScratchDirectory()
    let whole = scratch.file("whole")
    #expect(try Program.run(smallTraining(whole), ranks: 2).status == 0)
    let expected = try losses(of: whole)
    for (ranks, threads) in [(4, nil), (1, nil), (nil, 3), (2, nil)] as [(Int?, Int?)] {
      let run = scratch.file("run-\(ranks ?? 0)-\(threads ?? 0)")
      #expect(try Program.run(smallTraining(run, ["--max-steps", "9"]), ranks: 2).status == 0)
      let result = try Program.run(
        smallTraining(run, ["--resume", "auto"] + (threads.map { ["--ranks", "\($0)"] } ?? [])), ranks: ranks)
      #expect(result.status == 0 && result.output.contains("resumed after step 9"), "\(result.errors)")
      let found = try losses(of: run)
      #expect(found.count == 20)
      for (one, other) in zip(found, expected) { #expect(abs(one - other) < TrainTests.tolerance) }
      if ranks == 2 { #expect(try lastCheckpoint(of: run) == lastCheckpoint(of: whole)) }
    }
  }
}
