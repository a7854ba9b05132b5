import Checkpoints
import Failures
import Files
import Foundation
import Testing

/// A process that is killed (`kill -9`) at every stage of a save: what is left is the previous checkpoint or
/// the new one.
@Suite struct CrashTests {
  /// Saves step 2 over step 1 in a process of its own, which `observe` kills.
  private func check(_ directory: TemporaryDirectory, newStep: Int, mayBeNew: Bool) throws {
    // Readers see whole checkpoints before anybody tidies up.
    let seen = try Checkpoint.open(directory.path)
    #expect(try isWhole(seen))
    let store = try CheckpointStore(directory.path, keep: 1)
    let newest = try #require(try store.newestValid { Issue.record("\($0)") })
    #expect(try isWhole(newest))
    #expect(newest.state?.step == (mayBeNew ? newStep : 1))
    #expect(try Directory.names(directory.path, code: .inputOutput).allSatisfy { !$0.hasPrefix(".") })
    try save(store, contents(step: 3))
    #expect(try store.steps() == [3])
    #expect(try isWhole(try Checkpoint.open(directory.file("last"))))
  }

  @Test(
    "fault 10: a saving process killed at each of nine stages → the old checkpoint or the new one, whole",
    arguments: SaveStage.allCases)
  func killedWhileSaving(stage: SaveStage) async throws {
    let directory = TemporaryDirectory()
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1))
    let (path, name) = (directory.path, stage.rawValue)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, name = name as String] in
      let store = try CheckpointStore(path, keep: 1) { (reached) throws(Failure) in
        if reached.rawValue == name { kill(getpid(), SIGKILL) }
      }
      try save(store, contents(step: 2))
    }
    let isNew = [.beforeDirectorySync, .beforeLinks, .beforeRotation, .rotating].contains(stage)
    try check(directory, newStep: 2, mayBeNew: isNew)
  }

  /// In the middle of a file, between two pieces of one tensor.
  @Test func killedInTheMiddleOfATensor() async throws {
    let directory = TemporaryDirectory()
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1))
    let path = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      var work = contents(step: 2)
      work.model.append(
        HookedSource(name: "long", shape: [1 << 20]) { if $0.lowerBound > 0 { kill(getpid(), SIGKILL) } })
      try save(try CheckpointStore(path, keep: 1), work)
    }
    try check(directory, newStep: 2, mayBeNew: false)
  }

  /// While a checkpoint of the same step is replaced, too.
  @Test(arguments: [SaveStage.beforeRename, .beforeDirectorySync, .beforeLinks])
  func killedWhileReplacing(stage: SaveStage) async throws {
    let directory = TemporaryDirectory()
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1))
    let (path, name) = (directory.path, stage.rawValue)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, name = name as String] in
      let store = try CheckpointStore(path, keep: 1) { (reached) throws(Failure) in
        if reached.rawValue == name { kill(getpid(), SIGKILL) }
      }
      try save(store, contents(step: 1))
    }
    try check(directory, newStep: 1, mayBeNew: true)
  }
}
