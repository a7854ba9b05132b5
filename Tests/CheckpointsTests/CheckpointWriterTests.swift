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

  /// Training goes on when the copy is made, and not when the disk is done.
  @Test func trainingWaitsForTheCopyAlone() throws {
    let isSynced = Monitor(false)
    let writer = try writer { (stage) throws(Failure) in
      if stage == .beforeSync { isSynced.wait(until: { $0 }) }
    }
    var work = contents(step: 1)
    work.copy = { usleep(30_000) }
    writer.save(work)
    #expect(openFailure(directory.path)?.code == .missingInput)
    isSynced.update { $0 = true }
    try writer.finish()
    let costs = writer.costs
    #expect(costs.copySeconds >= 0.03 && costs.stallSeconds < 0.02)
    #expect(costs.saves == 1 && costs.seconds > 0)
    // Twelve weights, three biases, twelve moments and a counter.
    #expect(costs.bytes == 4 * (12 + 3 + 12) + 8)
    #expect(try newest()?.state?.step == 1)
  }

  @Test func aRunThatWasTakenOverIsNotTriedAgain() throws {
    let lockPath = directory.file(".lock")
    let lock = try FileLock(lockPath, of: "run")
    let reports = reports
    let store = try CheckpointStore(directory.path, keep: 9, lock: lock)
    let writer = CheckpointWriter(store) { failure in reports.update { $0.append(failure) } }
    let successor = try FileLock(lockPath, of: "run", force: true)
    writer.save(contents(step: 1))
    let thrown = failure { () throws(Failure) in try writer.finish() }
    #expect(thrown?.code == .cannotWrite)
    #expect(reports.read { $0 } == [])
    #expect(try store.steps().isEmpty)
    successor.release()
  }

  /// The copy is not overwritten before it is saved.
  @Test func aSaveWaitsForTheOneBefore() throws {
    let copy = Monitor(Float(0))
    let writer = try writer { (stage) throws(Failure) in if stage == .middle { usleep(40_000) } }
    for step in 1...2 {
      var work = contents(step: step)
      work.model.append(CopiedSource(name: "copied", copy: copy))
      work.copy = { copy.update { $0 = Float(step) } }
      writer.save(work)
    }
    try writer.finish()
    #expect(writer.costs.stallSeconds > 0.03)
    for step in 1...2 {
      let checkpoint = try Checkpoint.open(directory.file(CheckpointStore.name(ofStep: step)))
      #expect(try checkpoint.model.floats("copied") == [Float(step)])
    }
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
  }

  @Test(arguments: [SaveStage.open, .middle, .beforeSync, .beforeRename]) func theLastFailureEndsTheRun(
    stage: SaveStage
  ) throws {
    let good = try writer()
    good.save(contents(step: 1))
    try good.finish()
    let writer = try writer(observe: failing(2, at: stage))
    writer.save(contents(step: 2))
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

  /// A save that is tried again saves the copy, however far training has come meanwhile.
  @Test func changedTensorsAreNotSavedUnderAnOldStep() throws {
    let (live, copy) = (Monitor(Float(1)), Monitor(Float(0)))
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
    var work = contents(step: 1)
    work.model.append(CopiedSource(name: "copied", copy: copy))
    work.copy = { copy.update { $0 = live.read { $0 } } }
    writer.save(work)
    live.update { $0 = 2 }
    mayFail.update { $0 = true }
    try writer.finish()
    #expect(reports.read { $0.count } == 1)
    #expect(try newest()?.model.floats("copied") == [1])
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

/// One number, read from where a save copies it.
private struct CopiedSource: TensorSource {
  let name: String
  let shape: [Int] = []
  let copy: Monitor<Float>

  func read(_ range: Range<Int>, into elements: UnsafeMutableBufferPointer<Float>) {
    elements.update(repeating: copy.read { $0 })
  }
}
