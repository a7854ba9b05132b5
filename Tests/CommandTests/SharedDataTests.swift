import Foundation
import ProgramRunner
import Telemetry
import Testing

/// One copy of the data set for all ranks of a machine.
@Suite(.serialized) struct SharedDataTests {
  private func log(_ run: String, rank: Int) throws -> String {
    try String(contentsOfFile: RunPaths(run).log(rank: rank), encoding: .utf8)
  }

  /// The mapping of a process that has lost its name, and its part of a process's memory.
  private func segment(of process: pid_t) throws -> String? {
    try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8).split(separator: "\n")
      .first { $0.contains("/dev/shm/cnn-dist.") }.map(String.init)
  }

  @Test func ranksOfAMachineMapOneCopy() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run), ranks: 2)
    try program.wait(for: 3, of: run)
    let segments = try (0..<2).map { try #require(try segment(of: process(ofRank: $0, in: run))) }
    for segment in segments {
      #expect(segment.hasSuffix("(deleted)"), "its name is gone: nothing can stay behind")
      #expect(segment.contains(" r--s "), "nobody can write")
    }
    // The same file: name and inode.
    #expect(Set(segments.map { $0.split(separator: " ").suffix(3).joined(separator: " ") }).count == 1)
    program.send(SIGUSR1)
    #expect(try program.result().status == 75)
    for rank in 0..<2 { #expect(try log(run, rank: rank).contains("shared by 2 processes")) }
  }

  @Test(
    "fault 32: a /dev/shm without room for the data set → a warning, each rank keeps a copy, the same bytes")
  func noRoomForTheData() throws {
    let scratch = try ScratchDirectory()
    let options = ["--dataset", "synthetic", "--train-limit", "6400", "--max-steps", "4"]
    func training(_ run: String) throws -> [String] {
      [
        "mpirun", "-n", "2", "--oversubscribe", try Program.path("cnn-dist"), "train", "lenet", "--run",
        scratch.file(run),
      ]
        + options
    }
    func result(_ run: String, mount: String) throws -> ProgramResult {
      let command = try training(run).map { "'\($0)'" }.joined(separator: " ")
      return try Program(["-rm", "sh", "-c", "\(mount)exec \(command)"], program: "/usr/bin/unshare").result()
    }
    let small = try result("small", mount: "mount -t tmpfs -o size=12m tmpfs /dev/shm && ")
    #expect(small.status == 0, "\(small.errors)")
    let warnings = small.ownErrors.filter { $0.contains("warning: ") }
    #expect(
      warnings.count == 1 && warnings[0].contains("each of its 2 ranks keeps a copy"), "\(small.errors)")
    let large = try result("large", mount: "")
    #expect(large.status == 0 && !large.errors.contains("warning: "), "\(large.errors)")
    for run in ["small", "large"] {
      let count = run == "small" ? "1 process" : "2 processes"
      #expect(try log(scratch.file(run), rank: 1).contains("shared by \(count)"))
    }
    let files = try ["small", "large"].map {
      try Data(contentsOf: URL(fileURLWithPath: scratch.file("\($0)/checkpoints/last/model.safetensors")))
    }
    #expect(files[0] == files[1])
  }
}
