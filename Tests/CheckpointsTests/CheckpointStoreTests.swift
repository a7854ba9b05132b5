import Checkpoints
import Failures
import Files
import Foundation
import Testing
import Threads

@Suite struct CheckpointStoreTests {
  let directory = TemporaryDirectory()

  private func names() throws -> [String] { try Directory.names(directory.path, code: .inputOutput) }

  private func link(_ name: String) -> String? { Directory.destination(ofLink: directory.file(name)) }

  // MARK: Saving

  @Test func savesWhatItSays() throws {
    let store = try CheckpointStore(directory.path, keep: 3)
    try save(store, contents(step: 1234, isBest: true))
    #expect(try names() == ["best", "last", "step-00001234"])
    #expect(
      try Directory.names(directory.file("step-00001234"), code: .inputOutput)
        == ["model.safetensors", "optimizer.safetensors", "state.json"])
    let checkpoint = try #require(try store.newestValid { Issue.record("\($0)") })
    #expect(checkpoint.state?.step == 1234)
    #expect(try isWhole(checkpoint))
  }

  @Test func keepsTheNewestAndTheBest() throws {
    let store = try CheckpointStore(directory.path, keep: 2)
    for step in 1...6 { try save(store, contents(step: step, isBest: step == 2)) }
    #expect(try store.steps() == [2, 5, 6])
    #expect(link("last") == "step-00000006")
    #expect(link("best") == "step-00000002")
    try save(store, contents(step: 7, isBest: true))
    #expect(try store.steps() == [6, 7])
    #expect(link("best") == "step-00000007")
    #expect(try names() == ["best", "last", "step-00000006", "step-00000007"])
  }

  @Test func aRunThatBeginsAnewLeavesNothing() throws {
    let store = try CheckpointStore(directory.path, keep: 9)
    for step in 1...3 { try save(store, contents(step: step, isBest: step == 2)) }
    try store.removeAll()
    #expect(try names().isEmpty)
    try store.removeAll()
    try save(store, contents(step: 1))
    #expect(try names() == ["last", "step-00000001"])
  }

  @Test func theSameStepIsReplaced() throws {
    let store = try CheckpointStore(directory.path, keep: 2)
    try save(store, contents(step: 1))
    try save(store, contents(step: 2))
    try write([1, 2, 3], to: directory.file("step-00000002/model.safetensors"))
    try save(store, contents(step: 2))
    #expect(try isWhole(Checkpoint.open(directory.file("step-00000002"))))
    #expect(try names() == ["last", "step-00000001", "step-00000002"])
  }

  /// Resumed from step 10 although 20 and 30 were there: from the next save on, they belong to another run.
  @Test func aSaveEndsOtherLinesOfTraining() throws {
    let store = try CheckpointStore(directory.path, keep: 3)
    for step in [10, 20, 30] { try save(store, contents(step: step, isBest: step == 30)) }
    try save(store, contents(step: 15))
    #expect(try store.steps() == [10, 15])
    #expect(link("last") == "step-00000015")
    #expect(link("best") == nil)
  }

  @Test(arguments: [(0, "step-00000000"), (12_345_678, "step-12345678"), (123_456_789, "step-123456789")])
  func names(step: Int, expected: String) throws {
    #expect(CheckpointStore.name(ofStep: step) == expected)
    let store = try CheckpointStore(directory.path, keep: 1)
    try save(store, contents(step: step))
    #expect(try store.steps() == [step])
  }

  // MARK: Failures

  @Test(
    "fault 21: a save that fails at each of nine stages → the old one stays until the new one is proven",
    arguments: SaveStage.allCases)
  func aFailureLeavesTheOldOnes(at stage: SaveStage) throws {
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1))
    let injected = Failure(.inputOutput, "on purpose", at: stage.rawValue)
    let store = try CheckpointStore(directory.path, keep: 1) { (reached) throws(Failure) in
      if reached == stage { throw injected }
    }
    var reports: [Failure] = []
    let thrown = failure { () throws(Failure) in try store.save(contents(step: 2)) { reports.append($0) } }
    let isPublished = [.beforeLinks, .beforeRotation, .rotating].contains(stage)
    #expect(thrown == (isPublished ? nil : injected))
    #expect(reports == (isPublished ? [injected] : []))
    let newest = try #require(try store.newestValid { Issue.record("\($0)") })
    #expect(newest.state?.step == (isPublished || stage == .beforeDirectorySync ? 2 : 1))
    #expect(try isWhole(newest))
    if !isPublished { #expect(try names().allSatisfy { !$0.hasPrefix(".") }) }
    // The next save works, and the next start leaves nothing behind.
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 3))
    #expect(try names() == ["last", "step-00000003"])
  }

  @Test("fault 21: a new checkpoint damaged on the disk → not published, the old one stays")
  func aCheckpointThatCannotBeReadBackIsNotPublished() throws {
    let path = directory.path
    try save(try CheckpointStore(path, keep: 1), contents(step: 1))
    let store = try CheckpointStore(path, keep: 1) { (stage) throws(Failure) in
      guard stage == .afterSync else { return }
      let temporary = try Directory.names(path, code: .inputOutput).first { $0.hasPrefix(".tmp-") } ?? ""
      let file = "\(path)/\(temporary)/model.safetensors"
      guard var damaged = try? bytes(file) else { return }
      damaged[damaged.count - 1] ^= 0x40
      try? write(damaged, to: file)
    }
    let thrown = failure { () throws(Failure) in try store.save(contents(step: 2)) { Issue.record("\($0)") } }
    #expect(thrown?.what.hasPrefix("conv.bias is damaged") == true)
    #expect(try names() == ["last", "step-00000001"])
    #expect(try isWhole(Checkpoint.open(path)))
  }

  @Test func anUnwritableDirectoryIsNamed() throws {
    try AtomicFile.write("", to: directory.file("file"))
    let path = directory.file("file/checkpoints")
    let thrown = failure { () throws(Failure) in _ = try CheckpointStore(path, keep: 1) }
    #expect(thrown?.code == .cannotWrite)
    #expect(thrown?.location.hasPrefix(directory.path) == true)
  }

  // MARK: Another job takes the run over

  @Test(
    "fault 20: a job taken over in the midst of a save → the other waits for it, and goes on from there",
    arguments: SaveStage.allCases)
  func aSaveUnderWayIsBroughtToItsEnd(at stage: SaveStage) throws {
    let (path, lockPath) = (directory.path, directory.file(".lock"))
    try save(try CheckpointStore(path, keep: 1), contents(step: 1))
    let lock = try FileLock(lockPath, of: "run")
    let successor = Monitor<DedicatedThread?>(nil)
    let found = Monitor<[Int]?>(nil)
    let first = try CheckpointStore(path, keep: 1, lock: lock) { (reached) throws(Failure) in
      guard reached == stage else { return }
      let thread = DedicatedThread(name: "successor") {
        do throws(Failure) {
          let taken = try FileLock(lockPath, of: "run", force: true)
          let steps = try CheckpointStore(path, keep: 1, lock: taken).steps()
          found.update { $0 = steps }
        } catch { Issue.record("\(error)") }
      }
      successor.update { $0 = thread }
      usleep(100_000)
    }
    try save(first, contents(step: 2))
    successor.read { $0 }?.join()
    #expect(found.read { $0 } == [2])
    let refused = failure { () throws(Failure) in
      try first.save(contents(step: 3)) { Issue.record("\($0)") }
    }
    #expect(refused?.code == .cannotWrite)
    #expect(try Checkpoint.open(path).state?.step == 2)
    #expect(try CheckpointStore.steps(in: path) == [2])
  }

  // MARK: Leftovers

  @Test func leftoversAreCleaned() throws {
    let first = try CheckpointStore(directory.path, keep: 1)
    try save(first, contents(step: 1))
    try Directory.create(directory.file(".tmp-step-00000002-4711"), code: .cannotWrite)
    try AtomicFile.write("half", to: directory.file(".tmp-step-00000002-4711/model.safetensors"))
    try AtomicFile.link(directory.file(".tmp-last-4711"), to: "step-00000002")
    try Directory.create(directory.file("notes"), code: .cannotWrite)
    #expect(try first.steps() == [1])
    #expect(try Checkpoint.open(directory.path).state?.step == 1)
    _ = try CheckpointStore(directory.path, keep: 1)
    #expect(try names() == ["last", "notes", "step-00000001"])
  }

  @Test func aReplacedCheckpointGetsItsNameBack() throws {
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1))
    try Directory.rename(
      directory.file("step-00000001"), to: directory.file(".replaced-step-00000001"), code: .inputOutput)
    let store = try CheckpointStore(directory.path, keep: 1)
    #expect(try isWhole(try #require(try store.newestValid { Issue.record("\($0)") })))
    try Directory.create(directory.file(".replaced-step-00000001"), code: .inputOutput)
    _ = try CheckpointStore(directory.path, keep: 1)
    #expect(try names() == ["last", "step-00000001"])
  }

  /// A save that ended when its checkpoint was published, as one does that is killed.
  @Test func linksAndRotationAreMadeUpFor() throws {
    try save(try CheckpointStore(directory.path, keep: 1), contents(step: 1, isBest: true))
    let injected = Failure(.inputOutput, "on purpose")
    let store = try CheckpointStore(directory.path, keep: 1) { (stage) throws(Failure) in
      if stage == .beforeLinks { throw injected }
    }
    var work = contents(step: 2, isBest: true)
    work.state.bestStep = 2
    var reports: [Failure] = []
    try store.save(work) { reports.append($0) }
    #expect(reports == [injected])
    #expect(link("last") == "step-00000001" && link("best") == "step-00000001")
    let newest = try #require(try store.newestValid { Issue.record("\($0)") })
    try store.complete(newest)
    #expect(link("last") == "step-00000002" && link("best") == "step-00000002")
    #expect(try names() == ["best", "last", "step-00000002"])
    // Where a newer one is damaged, nothing is as it should be, and nothing goes.
    try Directory.create(directory.file("step-00000003"), code: .inputOutput)
    try store.complete(newest)
    #expect(try names() == ["best", "last", "step-00000002", "step-00000003"])
  }

  // MARK: Falling back

  @Test func damagedOnesArePassedOver() throws {
    let store = try CheckpointStore(directory.path, keep: 9)
    for step in 1...4 { try save(store, contents(step: step)) }
    var model = try bytes(directory.file("step-00000004/model.safetensors"))
    model[model.count - 1] ^= 1
    try write(model, to: directory.file("step-00000004/model.safetensors"))
    let optimizer = try bytes(directory.file("step-00000003/optimizer.safetensors"))
    try write(Array(optimizer.dropLast(5)), to: directory.file("step-00000003/optimizer.safetensors"))
    var reports: [Failure] = []
    let newest = try #require(try store.newestValid { reports.append($0) })
    #expect(newest.state?.step == 2)
    #expect(reports.map(\.code) == [.badData, .badData])
    #expect(reports[0].what.hasPrefix("conv.bias is damaged"))
    #expect(reports[1].what == "truncated: expected \(optimizer.count) bytes, found \(optimizer.count - 5)")
  }

  @Test func nothingIsValid() throws {
    let store = try CheckpointStore(directory.path, keep: 9)
    #expect(try store.newestValid { Issue.record("\($0)") }?.path == nil)
    try Directory.create(directory.file("step-00000001"), code: .inputOutput)
    var reports = 0
    #expect(try store.newestValid { _ in reports += 1 }?.path == nil)
    #expect(reports == 1)
  }

  /// A weight file that is whole but belongs to another checkpoint.
  @Test func mixedFilesAreNoticed() throws {
    let store = try CheckpointStore(directory.path, keep: 9)
    for step in 1...2 { try save(store, contents(step: step)) }
    try write(
      try bytes(directory.file("step-00000001/model.safetensors")),
      to: directory.file("step-00000002/model.safetensors"))
    let thrown = openFailure(directory.file("step-00000002"))
    #expect(thrown?.code == .badData)
    #expect(thrown?.what.hasPrefix("header: its checksum is ") == true)
  }
}
