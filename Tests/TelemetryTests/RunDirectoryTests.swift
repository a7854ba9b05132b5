import Failures
import Foundation
import ProgramRunner
import Telemetry
import Testing
import Threads

@Suite struct RunDirectoryTests {
  @Test func hasTheMembersOfTheDesign() {
    let paths = RunPaths("runs/lenet-1")
    #expect(paths.configuration == "runs/lenet-1/config.yaml")
    #expect(paths.environment == "runs/lenet-1/environment.json")
    #expect(paths.status == "runs/lenet-1/status.json")
    #expect(paths.metrics == "runs/lenet-1/metrics.jsonl")
    #expect(paths.results == "runs/lenet-1/results.csv")
    #expect(paths.checkpoints == "runs/lenet-1/checkpoints")
    #expect(paths.tensorboard == "runs/lenet-1/tensorboard")
    #expect(paths.report == "runs/lenet-1/report.html")
    #expect(paths.log(rank: 3) == "runs/lenet-1/logs/rank-3.log")
    #expect(RunPaths("/").status == "/status.json")
  }

  @Test func numbersGoUp() throws {
    let place = try TemporaryDirectory()
    let root = place.file("runs")
    #expect(try RunDirectory.latest(model: "lenet", under: root) == nil)
    let first = try RunDirectory.create(model: "lenet", under: root)
    #expect(first.paths.directory == "\(root)/lenet-1")
    for other in [
      "lenet-7", "lenet-max-9", "lenet-x", "lenet-+8", "lenet-99999999999999999999", "vgg11-20", "lenet-",
    ] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(other)", withIntermediateDirectories: true)
    }
    let next = try RunDirectory.create(model: "lenet", under: root)
    #expect(next.paths.directory == "\(root)/lenet-8")
    #expect(try RunDirectory.latest(model: "lenet", under: root) == nil)
    for run in [first, next] {
      let last = run.paths.checkpoints + "/last"
      try FileManager.default.createSymbolicLink(atPath: last, withDestinationPath: "step-00000001")
    }
    #expect(try RunDirectory.latest(model: "lenet", under: root) == next.paths.directory)
    #expect(try RunDirectory.latest(model: "lenet-max", under: root) == nil)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: next.paths.directory).sorted()
        == [".lock", "checkpoints", "heartbeats", "logs"])
    #expect(first.isHeld && next.isHeld)
  }

  @Test func jobsThatStartTogetherNeverShare() throws {
    let place = try TemporaryDirectory()
    let root = place.file("runs")
    let names = Monitor([String]())
    let threads = (0..<12).map { index in
      DedicatedThread(name: "job \(index)") {
        let run = try? RunDirectory.create(model: "lenet", under: root)
        names.update { $0.append(run?.paths.directory ?? "none") }
      }
    }
    for thread in threads { thread.join() }
    #expect(Set(names.read { $0 }) == Set((1...12).map { "\(root)/lenet-\($0)" }))
  }

  @Test func aSecondJobIsRefused() throws {
    let place = try TemporaryDirectory()
    let first = try RunDirectory.open(place.file("run"))
    let failure = #expect(throws: Failure.self) { try RunDirectory.open(place.file("run")) }
    #expect(failure?.code == .cannotWrite)
    #expect(failure?.what.contains("\(place.file("run")) is in use by process \(getpid()) on ") == true)
    let thief = try RunDirectory.open(place.file("run"), force: true)
    #expect(thief.isHeld && !first.isHeld)
    thief.release()
    #expect(try RunDirectory.open(place.file("run")).isHeld)
  }

  @Test(arguments: [
    ("", "--run is empty"), ("../../x", "climbs with '..'"), ("a/../../b", "climbs with '..'"),
    ("..", "climbs with '..'"),
    ("/tmp/../etc", "climbs with '..'"), ("a\u{1B}[2Jb", "a\\u{1b}[2Jb"), ("a\nb", "a\\nb"),
    ("a\0b", "a\\u{0}b"),
    ("a\u{9B}b", "control characters"), ("a\u{202E}b", "control characters"),
    ("\u{7F}", "control characters"),
  ])
  func strangePathsAreRefused(_ path: String, _ message: String) {
    let failure = #expect(throws: Failure.self) { try RunDirectory.open(path) }
    #expect(failure?.code == .usage)
    #expect(failure?.what.contains(message) == true, "\(String(describing: failure))")
    #expect(failure?.advice.isEmpty == false)
  }

  @Test func climbingIsAnsweredWithTheAbsolutePath() {
    let here = FileManager.default.currentDirectoryPath
    let above = URL(fileURLWithPath: here).deletingLastPathComponent().path
    let failure = #expect(throws: Failure.self) { try RunDirectory.check(path: "../x") }
    #expect(failure?.advice == "write it as an absolute path: --run \(above == "/" ? "" : above)/x")
  }

  @Test(arguments: [
    "a b", "größe", "a..b", "<script>alert(1)</script>", "deep/er/est", "quote\"'", "-n", "x/.",
  ])
  func otherPathsAreFine(_ name: String) throws {
    let place = try TemporaryDirectory()
    let run = try RunDirectory.open(place.file(name))
    #expect(FileManager.default.fileExists(atPath: run.paths.checkpoints))
  }

  @Test func noRoomIsToldBeforeAnythingIsMade() throws {
    let place = try TemporaryDirectory()
    for attempt in [
      { try RunDirectory.open(place.file("a/b"), needing: .max) },
      { try RunDirectory.create(model: "lenet", under: place.file("runs"), needing: .max) },
    ] {
      let failure = #expect(throws: Failure.self) { try attempt() }
      #expect(failure?.code == .cannotWrite)
      #expect(failure?.what.hasPrefix("the run needs 9223.4 PB, ") == true)
    }
    #expect(place.names.isEmpty)
  }

  @Test func aFileInThePlaceOfADirectoryIsNamed() throws {
    let place = try TemporaryDirectory()
    try place.write("", to: "file")
    for path in ["file", "file/run", "file/deep/run"] {
      let failure = #expect(throws: Failure.self) { try RunDirectory.open(place.file(path)) }
      #expect(failure?.code == .cannotWrite)
    }
    let failure = #expect(throws: Failure.self) {
      try RunDirectory.create(model: "lenet", under: place.file("file"))
    }
    #expect(failure?.code == .cannotWrite)
  }

  /// Root may write everywhere, so the process becomes nobody first.
  @Test func aDirectoryWithoutPermissionIsRefused() async throws {
    let place = try TemporaryDirectory()
    let path = place.file("run")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    chmod(place.path, 0o755)
    chmod(path, 0o555)
    await #expect(processExitsWith: .success) { [path = path as String] in
      if geteuid() == 0 { guard setuid(65534) == 0 else { exit(3) } }
      for attempt in [
        { try RunDirectory.open(path) }, { try RunDirectory.open("\(path)/below") },
        { try RunDirectory.create(model: "lenet", under: path) },
      ] {
        do {
          _ = try attempt()
          exit(1)
        } catch let failure as Failure {
          guard failure.code == .cannotWrite, failure.what.contains("Permission denied") else { exit(2) }
        }
      }
    }
  }

  @Test(.enabled(if: TinyDisk.canMount, "needs the right to mount a tmpfs"))
  func aTinyDiskHasNoRoom() throws {
    let disk = try TinyDisk()
    let failure = #expect(throws: Failure.self) {
      try RunDirectory.open("\(disk.path)/run", needing: 1 << 20)
    }
    #expect(failure?.code == .cannotWrite)
    #expect(failure?.what == "the run needs 1.0 MB, 65.5 kB are free")
    let run = try RunDirectory.open("\(disk.path)/run", needing: 1 << 10)

    let writer = try MetricsWriter(run.paths.metrics, resumingAt: 0)
    var full: Failure?
    var step = 0
    while full == nil && step < 10_000 {
      do throws(Failure) {
        try writer.append(MetricsWriterTests.train(step + 1))
        step += 1
      } catch {
        full = error
      }
    }
    #expect(full?.code == .inputOutput)
    #expect(full?.what.contains("No space left on device") == true)
    #expect(try MetricsReader.read(run.paths.metrics).count == step)
    let status = StatusFile(run.paths.status)
    #expect(
      #expect(throws: Failure.self) { try status.write(RunStatus(state: .failed, step: 1, epoch: 0)) } != nil)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: run.paths.directory).sorted()
        == [".lock", "checkpoints", "heartbeats", "logs", "metrics.jsonl"])
    run.release()
  }

  @Test(.enabled(if: TinyDisk.canMount, "needs the right to mount a tmpfs"))
  func aReadOnlyDiskIsRefused() throws {
    let disk = try TinyDisk()
    try disk.makeReadOnly()
    for attempt in [
      { try RunDirectory.open(disk.path) }, { try RunDirectory.open("\(disk.path)/run") },
      { try RunDirectory.create(model: "lenet", under: disk.path) },
    ] {
      let failure = #expect(throws: Failure.self) { try attempt() }
      #expect(failure?.code == .cannotWrite)
      #expect(failure?.what.contains("Read-only file system") == true)
    }
  }
}
