import Checkpoints
import Failures
import Files
import Foundation
import Testing
import Threads

@Suite(.timeLimit(.minutes(5))) struct CheckpointWriterTests {
  let directory = TemporaryDirectory()
  let reports = Monitor([Failure]())

  private func writer(keep: Int = 9, observe: @escaping SaveObserver = { (_) throws(Failure) in }) throws
    -> CheckpointWriter
  {
    let reports = reports
    return CheckpointWriter(try CheckpointStore(directory.path, keep: keep, observe: observe)) { failure in
      reports.update { $0.append(failure) }
    }
  }

  private func newest() throws -> Checkpoint? {
    try CheckpointStore(directory.path, keep: 9).newestValid { Issue.record("\($0)") }
  }

  @Test func savesInTheBackground() throws {
    let writer = try writer()
    writer.save(contents(step: 1))
    writer.save(contents(step: 2))
    try writer.finish()
    try writer.finish()
    #expect(try CheckpointStore(directory.path, keep: 9).steps() == [1, 2])
    #expect(try isWhole(try #require(try newest())))
    #expect(reports.read { $0 } == [])
  }

  /// A save returns at once; changes wait until the tensors are read, and not until the disk is done.
  @Test func changesWaitForTheCopyAlone() throws {
    let isReadable = Monitor(false)
    let isSynced = Monitor(false)
    let writer = try writer { (stage) throws(Failure) in
      if stage == .beforeSync { isSynced.wait(until: { $0 }) }
    }
    var work = contents(step: 1)
    work.model.append(HookedSource(name: "slow", shape: [4]) { _ in isReadable.wait(until: { $0 }) })
    writer.save(work)

    let hasChanged = Monitor(false)
    let trainer = DedicatedThread(name: "trainer") {
      writer.waitUntilCopied()
      hasChanged.update { $0 = true }
    }
    usleep(50_000)
    #expect(!hasChanged.read { $0 })
    isReadable.update { $0 = true }
    trainer.join()
    #expect(hasChanged.read { $0 })
    #expect(writer.stallSeconds > 0.03)
    #expect(openFailure(directory.path)?.code == .missingInput)
    isSynced.update { $0 = true }
    try writer.finish()
    #expect(try newest()?.state?.step == 1)
  }

  @Test func withoutASaveNothingWaits() throws {
    let writer = try writer()
    for _ in 0..<1000 { writer.waitUntilCopied() }
    try writer.finish()
    #expect(writer.stallSeconds < 0.5)
  }

  /// Two saves of the same tensors: changes wait for both.
  @Test func changesWaitForEverySave() throws {
    let reads = Monitor(0)
    let writer = try writer()
    for step in 1...2 {
      var work = contents(step: step)
      work.model.append(
        HookedSource(name: "slow", shape: [4]) { _ in
          usleep(20_000)
          reads.update { $0 += 1 }
        })
      writer.save(work)
    }
    writer.waitUntilCopied()
    #expect(reads.read { $0 } == 2)
    try writer.finish()
    #expect(try CheckpointStore(directory.path, keep: 9).steps() == [1, 2])
  }

  // MARK: Failures

  /// Fails the first `count` times that a save reaches `stage`.
  private func failing(_ count: Int, at stage: SaveStage) -> SaveObserver {
    let left = Monitor(count)
    return { (reached) throws(Failure) in
      guard reached == stage else { return }
      let fails = left.update {
        $0 -= 1
        return $0 >= 0
      }
      if fails { throw Failure(.inputOutput, "on purpose", at: stage.rawValue) }
    }
  }

  @Test(arguments: [SaveStage.open, .middle, .beforeSync, .afterSync, .beforeRename, .beforeDirectorySync])
  func aFailedSaveIsTriedAgain(stage: SaveStage) throws {
    let writer = try writer(observe: failing(1, at: stage))
    writer.save(contents(step: 1))
    try writer.finish()
    #expect(reports.read { $0.count } == 1)
    #expect(try isWhole(try #require(try newest())))
    #expect(!writer.wantsAnotherSave)
  }

  @Test(arguments: [SaveStage.open, .middle, .beforeSync, .beforeRename]) func theLastFailureEndsTheRun(
    stage: SaveStage
  ) throws {
    let good = try writer()
    good.save(contents(step: 1))
    try good.finish()
    let writer = try writer(observe: failing(2, at: stage))
    writer.save(contents(step: 2))
    writer.waitUntilCopied()
    let thrown = failure { () throws(Failure) in try writer.finish() }
    #expect(thrown?.code == .inputOutput)
    #expect(try newest()?.state?.step == 1)
    #expect(try Directory.names(directory.path, code: .inputOutput) == ["last", "step-00000001"])
  }

  @Test func aLaterSuccessMakesUpForIt() throws {
    let writer = try writer(observe: failing(2, at: .middle))
    writer.save(contents(step: 1))
    writer.save(contents(step: 2))
    try writer.finish()
    #expect(reports.read { $0.count } == 2)
    #expect(try newest()?.state?.step == 2)
  }

  /// Tensors that have changed since are another step's: only a new save can make up for the one that failed.
  @Test func changedTensorsAreNotSavedUnderAnOldStep() throws {
    let mayFail = Monitor(false)
    let count = Monitor(0)
    let writer = try writer { (stage) throws(Failure) in
      guard stage == .afterSync else { return }
      mayFail.wait(until: { $0 })
      let isFirst = count.update {
        $0 += 1
        return $0 == 1
      }
      if isFirst { throw Failure(.inputOutput, "on purpose") }
    }
    writer.save(contents(step: 1))
    writer.waitUntilCopied()
    #expect(!writer.wantsAnotherSave)
    mayFail.update { $0 = true }
    reports.wait(until: { !$0.isEmpty })
    while !writer.wantsAnotherSave { usleep(1000) }
    writer.save(contents(step: 2))
    #expect(!writer.wantsAnotherSave)
    writer.waitUntilCopied()
    try writer.finish()
    #expect(try CheckpointStore(directory.path, keep: 9).steps() == [2])
  }

  /// A writer that nobody finishes still writes what it was asked for.
  @Test func anAbandonedWriterFinishesItsWork() throws {
    let isDone = Monitor(false)
    do {
      let writer = try writer { (stage) throws(Failure) in
        if stage == .beforeRotation { isDone.update { $0 = true } }
      }
      writer.save(contents(step: 1))
    }
    isDone.wait(until: { $0 })
    #expect(try newest()?.state?.step == 1)
  }
}
