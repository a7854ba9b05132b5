import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Run directories that cannot be used, are in use, or have strange names.
@Suite(.serialized) struct RunDirectoryFaultTests {
  let scratch: ScratchDirectory
  let run: String

  init() throws {
    scratch = try ScratchDirectory()
    run = scratch.file("run")
  }

  /// The data are missing too: that they are not missed shows that nobody has looked for them.
  private func refused(_ run: String, ranks: Int? = nil) throws -> ProgramResult {
    try Program.run(["train", "lenet", "--data", scratch.file("nowhere"), "--run", run], ranks: ranks)
  }

  @Test("fault 19: --run below a file, or on a read-only disk → 73 before any data is looked for")
  func anUnwritableRunDirectory() throws {
    try Data().write(to: URL(fileURLWithPath: scratch.file("file")))
    expectFailure(try refused(scratch.file("file/run"), ranks: 2), 73, scratch.file("file"), "--run")
    guard TinyDisk.canMount else { return }
    let disk = try TinyDisk(bytes: 8 << 20)
    try disk.makeReadOnly()
    expectFailure(try refused(disk.file("run")), 73, "Read-only file system", "choose another directory")
  }

  /// Where mounting is not allowed, /proc, which has no room either.
  @Test("fault 19: --run on a disk without room for two checkpoints → 73 before any data is looked for")
  func aDiskWithoutRoom() throws {
    let disk = try? TinyDisk(bytes: 1 << 20)
    let result = try refused(disk?.file("run") ?? "/proc/run", ranks: 2)
    expectFailure(result, 73, "the run needs 1.5 MB, ", "free space")
  }

  /// A run that goes on until it is stopped.
  private func endless() throws -> Program {
    let program = try Program(tinyTraining(run, steps: 1_000_000, ["--log-every", "10"]))
    try program.wait { FileManager.default.fileExists(atPath: checkpoint(of: run, step: 2)) || hasSaved }
    return program
  }

  private var hasSaved: Bool { (try? checkpointNames(of: run).contains("last")) == true }

  @Test("fault 20: a second job on a run directory → 73, naming process, host and start of the first")
  func aRunDirectoryInUse() throws {
    let first = try endless()
    let second = try Program.run(tinyTraining(run, steps: 10, ["--resume", "auto"]))
    expectFailure(second, 73, "--force-unlock")
    let pattern = /is in use by process \d+ on \S+ since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/
    #expect(second.errors.contains(pattern), "\(second.errors)")
    first.send(SIGINT)
    #expect(try first.result().status == 75)
  }

  @Test("fault 20: a second job with --force-unlock → takes over, and the first ends with 73")
  func aRunDirectoryTakenOver() throws {
    let first = try endless()
    let second = try Program(tinyTraining(run, steps: 1_000_000, ["--resume", "auto", "--force-unlock"]))
    expectFailure(try first.result(), 73, "another job took over the run directory")
    // Its failure is not the run's.
    #expect(try StatusFile(RunPaths(run).status).read().state == .running)
    try second.wait { second.outputSoFar.contains("resumed after step") }
    second.send(SIGUSR1)
    let stopped = try second.result()
    #expect(stopped.status == 75, "\(stopped.errors)")
    #expect(try Program.run(["evaluate", run]).status == 0)
  }

  /// An epoch has 60,000 steps, so that no save is near. The second begins again: how far it is by then says how long the first went on.
  @Test("fault 20: a second job with --force-unlock between two saves → the first ends at its next record")
  func aRunDirectoryTakenOverBetweenSaves() throws {
    func program(_ more: [String] = []) throws -> Program {
      let unsaved = ["--train-limit", "60000", "--batch-size", "1", "--checkpoint-every", "1000000"]
      return try Program(tinyTraining(run, steps: 1_000_000, unsaved + more))
    }
    func records() -> [MetricsRecord] { (try? MetricsReader.read(RunPaths(run).metrics)) ?? [] }
    let first = try program()
    try first.wait { records().count > 100 }
    let start = try #require(records().first?.time)
    let second = try program(["--resume", "none", "--force-unlock"])
    expectFailure(try first.result(), 73, "another job took over the run directory")
    #expect(records().count < 40_000, "the first goes on to the end of its epoch")
    try second.wait { records().first.map { $0.time > start } == true }
    second.send(SIGUSR1)
    #expect(try second.result().status == 75)
  }

  @Test("fault 36: --run that climbs, is empty or has control characters → 64, with a path that would do")
  func strangePaths() throws {
    expectFailure(
      try Program.run(["train", "lenet", "--run", "../../x"], directory: scratch.url), 64, "climbs with '..'",
      "write it as an absolute path: --run /")
    expectFailure(try Program.run(["train", "lenet", "--run", ""]), 64, "--run")
    for (path, shown) in [
      ("a\u{1B}[2Jb", "a\\u{1b}[2Jb"), ("a\nb", "a\\nb"), ("a\u{202E}b", "control characters"),
    ] {
      let result = try Program.run(["train", "lenet", "--run", path], ranks: 2)
      expectFailure(result, 64, shown)
      #expect(!result.errors.unicodeScalars.contains { $0 != "\n" && ($0.value < 32 || $0.value == 0x202E) })
    }
    // Names of files, too, reach the terminal as text alone.
    let missing = try Program.run(
      tinyTraining(run, steps: 1, ["--init", scratch.file("\u{1B}]0;title\u{7}")]))
    expectFailure(missing, 66, "\\u{1b}]0;title\\u{7}")
    #expect(!missing.errors.unicodeScalars.contains("\u{1B}"))
  }

  @Test("fault 36: HTML and quotes in the name of a run → an ordinary directory, printed commands are quoted")
  func namesAreText() throws {
    let run = scratch.file("<script>alert('1')</script>")
    let result = try Program.run(tinyTraining(run, steps: 2))
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("--run '\(run.replacingOccurrences(of: "'", with: "'\\''"))'"))
    #expect(try Program.run(["evaluate", run]).status == 0)
  }
}
