import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Who keeps the others waiting, and why.
@Suite(.serialized) struct WatchTests {
  private let limits = ["--stall-warning", "3", "--stall-limit", "6"]

  private func warnings(_ result: ProgramResult) -> [Substring] {
    result.ownErrors.filter { $0.contains("warning: step ") }
  }

  @Test(
    "fault 8: SIGSTOP to a rank → named after the time of a warning, 69 after the limit", arguments: [1, 0])
  func aStoppedRankIsNamed(stopped: Int) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run, limits), ranks: 3)
    try program.wait(for: 20, of: run)
    let processes = try (0..<3).map { try process(ofRank: $0, in: run) }
    kill(processes[stopped], SIGSTOP)
    let result = try program.result(seconds: 40)
    #expect(result.status == 69, "\(result.errors)")
    let host = ProcessInfo.processInfo.hostName
    let place = "rank \(stopped) (\(host)), without a sign of life for"
    #expect(warnings(result).count == 1, "\(result.errors)")
    #expect(warnings(result).first?.contains(": waiting 3 s for \(place)") == true, "\(result.errors)")
    let errors = result.ownErrors.filter { $0.contains("error: ") }
    #expect(errors.count == 1 && errors[0].contains("waited 6 s for \(place)"), "\(result.errors)")
    #expect(areGone(processes, within: 5))
  }

  @Test("fault 8: a rank that hangs in a step → named with what it does, 69", arguments: [true, false])
  func aRankThatHangsIsNamed(underMPI: Bool) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(
      endlessTraining(run, limits + (underMPI ? [] : ["--ranks", "3"])), ranks: underMPI ? 3 : nil,
      environment: ["CNN_DIST_FAULT": "hang@step=9,rank=2"], seconds: 40)
    #expect(result.status == 69, "\(result.errors)")
    let place = "for rank 2 (\(ProcessInfo.processInfo.hostName)), which computes"
    let expected = "cnn-dist: warning: step 9: waiting 3 s \(place)"
    #expect(warnings(result).map(String.init) == [expected], "\(result.errors)")
    #expect(try losses(of: run).count == 8)
  }

  @Test("fault 8: a rank stopped for 4 s → a warning, and training goes on")
  func aRankThatGoesOnIsForgiven() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run, ["--stall-warning", "3"]), ranks: 2)
    try program.wait(for: 20, of: run)
    let stopped = try process(ofRank: 1, in: run)
    kill(stopped, SIGSTOP)
    Thread.sleep(forTimeInterval: 4)
    kill(stopped, SIGCONT)
    let steps = try losses(of: run).count
    try program.wait(for: steps + 100, of: run)
    program.send(SIGUSR1)
    let result = try program.result()
    #expect(result.status == 75, "\(result.errors)")
    #expect(warnings(result).count == 1, "\(result.errors)")
    let slowest = result.outputLines.first { $0.hasPrefix("slowest: rank 1 (") }
    let stop = slowest?.wholeMatch(of: /.*: it was stopped for ([0-9.]+) s/)?.1
    let seconds = try #require(stop.flatMap { Double($0) }, "\(result.output)")
    #expect(3.5 < seconds && seconds < 7)
  }

  @Test("fault 9: kill -SEGV of a rank → its log is kept, the last line of the coordinator names it")
  func aCrashIsNamed() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run), ranks: 3, environment: ["SWIFT_BACKTRACE": "enable=no"])
    try program.wait(for: 20, of: run)
    kill(try process(ofRank: 2, in: run), SIGSEGV)
    let result = try program.result(seconds: 20)
    #expect(result.status == 128 + 11, "\(result.errors)")
    let last = try #require(result.ownErrors.last)
    let pattern = /cnn-dist: error: rank 2 \(.+\) died in step \d+ \((.+)\); the job ends; go on with .+/
    let match = try #require(try pattern.wholeMatch(in: last), "\(last)")
    #expect(match.1 == RunPaths(run).log(rank: 2))
    #expect(try String(contentsOfFile: RunPaths(run).log(rank: 2), encoding: .utf8).contains("rank 2 of 3"))
  }
}
