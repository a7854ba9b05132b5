import Checkpoints
import Failures
import Files
import Foundation
import Testing
import Threads

/// A disk that is really full: a file system in memory with room for one checkpoint and a half.
///
/// Mounting it takes root with its privileges. Where a container has taken them away, a limit on the size of
/// files, which is tested everywhere, stands in for it.
@Suite(.serialized) struct FullDiskTests {
  /// 128 KiB of parameters, as many of moments.
  private static let elements = 32 << 10

  @Test(.enabled(if: mayMount, "mounting takes CAP_SYS_ADMIN")) func theOldCheckpointSurvives() throws {
    let directory = TemporaryDirectory()
    let disk = directory.file("disk")
    try Directory.create(disk, code: .cannotWrite)
    try #require(mount("tmpfs", disk, "tmpfs", 0, "size=420k") == 0, "\(String(cString: strerror(errno)))")
    defer { umount2(disk, Int32(MNT_DETACH)) }

    let reports = Monitor([Failure]())
    let writer = CheckpointWriter(try CheckpointStore(disk, keep: 1)) { failure in
      reports.update { $0.append(failure) }
    }
    writer.save(contents(step: 1, elements: Self.elements))
    writer.save(contents(step: 2, elements: Self.elements))
    let thrown = try #require(failure { () throws(Failure) in try writer.finish() })
    #expect(thrown.code == .inputOutput)
    #expect(thrown.what == "write: No space left on device")
    #expect(thrown.advice == "free some space on that file system")
    // Tried twice.
    #expect(reports.read { $0.count } == 2)
    #expect(try Directory.names(disk, code: .inputOutput) == ["last", "step-00000001"])
    #expect(try isWhole(Checkpoint.open(disk + "/last"), elements: Self.elements))

    // With room again, it goes on.
    try #require(mount("tmpfs", disk, "tmpfs", UInt(MS_REMOUNT), "size=1m") == 0)
    let store = try CheckpointStore(disk, keep: 1)
    try save(store, contents(step: 2, elements: Self.elements))
    #expect(try store.steps() == [2])
  }

  @Test("fault 18: files that must not grow → the save fails, the old checkpoint is whole")
  func aLimitOnFilesIsNoDifferent() async throws {
    let directory = TemporaryDirectory()
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1, elements: Self.elements))
    let path = directory.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 64 << 10, rlim_max: 64 << 10)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let store = try CheckpointStore(path, keep: 1)
      let thrown = failure { () throws(Failure) in
        try store.save(contents(step: 2, elements: Self.elements)) { Issue.record("\($0)") }
      }
      #expect(thrown?.code == .inputOutput)
      #expect(thrown?.what == "write: File too large")
    }
    #expect(try Directory.names(directory.path, code: .inputOutput) == ["last", "step-00000001"])
    #expect(try isWhole(Checkpoint.open(directory.path), elements: Self.elements))
  }
}

/// Whether this process has CAP_SYS_ADMIN, bit 21 of its capabilities.
private var mayMount: Bool {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") } ?? ""
  let capabilities = UInt64(line.split(whereSeparator: \.isWhitespace).last ?? "", radix: 16) ?? 0
  return capabilities >> 21 & 1 == 1
}
