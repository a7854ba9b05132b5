import Failures
import Threads

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Saves checkpoints on a thread of its own while training goes on.
///
/// Training waits only while the tensors are copied (`CheckpointContents.copy`), and for a save before that is not done yet.
/// Writing, bringing to the disk, reading back and rotating work on the copy, and leave the processor to those who train:
/// neither a slow disk nor the checksums of 1.5 GB (vgg11 with Adam) hold up anybody.
///
/// A save that fails leaves nothing behind, is reported, and is tried once more; not where another job took the run over.
public final class CheckpointWriter: Sendable {
  /// What the saves of a run have cost so far.
  public struct Costs: Equatable, Sendable {
    /// Checkpoints that were published.
    public var saves = 0
    /// Bytes of the last one's tensors.
    public var bytes = 0
    /// How long saves took beside training.
    public var seconds = 0.0
    /// How long training waited for the copies, and beyond that for saves that were not done yet.
    public var copySeconds = 0.0
    public var stallSeconds = 0.0

    public init() {}
  }

  private struct State {
    /// What is to be saved, or is being saved.
    var contents: CheckpointContents?
    var isStopping = false
    /// Of the last save.
    var failure: Failure?
    var costs = Costs()
  }

  private let state: Monitor<State>
  private let thread: DedicatedThread
  private let isFinished = Monitor(false)

  /// What `nice` gives the thread: a thirtieth of a processor that somebody trains on, and all of an idle one.
  private static let niceness: Int32 = 15

  /// - Parameters:
  ///   - store: where to save.
  ///   - report: told, on the writer's thread, of every failed attempt and of trouble with older checkpoints.
  public init(_ store: CheckpointStore, report: @escaping @Sendable (Failure) -> Void) {
    let state = Monitor(State())
    self.state = state
    thread = DedicatedThread(name: "checkpoints") {
      #if os(Linux)
        // Linux takes 0 for the calling thread alone. Where it refuses, the thread only costs a little more.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
      #endif
      while let contents = Self.next(state) { Self.save(contents, store, state, report) }
    }
  }

  /// Lets the thread finish what was asked for, without waiting.
  deinit { state.update { $0.isStopping = true } }

  // MARK: The trainer's side

  /// Copies the tensors and has them saved; they may change again when it returns.
  public func save(_ contents: CheckpointContents) {
    wait()
    let free = ContinuousClock.now
    contents.copy()
    let end = ContinuousClock.now
    state.update {
      precondition(!$0.isStopping, "a finished writer saves nothing")
      $0.contents = contents
      $0.costs.copySeconds += (end - free) / .seconds(1)
    }
  }

  /// Waits until the tensors of the last save are read no more.
  public func wait() {
    let start = ContinuousClock.now
    state.wait(until: { $0.contents == nil })
    state.update { $0.costs.stallSeconds += (ContinuousClock.now - start) / .seconds(1) }
  }

  /// What the saves have cost so far.
  public var costs: Costs { state.read { $0.costs } }

  /// Waits until all saves are done; later calls do nothing new.
  ///
  /// - Throws: `inputOutput` when the last save failed for good, `cannotWrite` when another job took the run over.
  public func finish() throws(Failure) {
    isFinished.update { isFinished in
      if isFinished { return }
      isFinished = true
      state.update { $0.isStopping = true }
      thread.join()
    }
    if let failure = state.read({ $0.failure }) { throw failure }
  }

  // MARK: The thread's side

  private static func next(_ state: Monitor<State>) -> CheckpointContents? {
    state.wait(until: { $0.contents != nil || $0.isStopping }, then: { $0.contents })
  }

  private static func save(
    _ contents: CheckpointContents, _ store: CheckpointStore, _ state: Monitor<State>,
    _ report: (Failure) -> Void
  ) {
    let start = ContinuousClock.now
    var failure: Failure?
    for _ in 0..<2 {
      do throws(Failure) {
        try store.save(contents, report: report)
        failure = nil
        break
      } catch {
        failure = error
        // Another job's directory will not be this one's again, and the run ends with that.
        if error.code == .cannotWrite { break }
        report(error)
      }
    }
    state.update {
      $0.contents = nil
      $0.failure = failure
      $0.costs.seconds += (ContinuousClock.now - start) / .seconds(1)
      guard failure == nil else { return }
      $0.costs.saves += 1
      $0.costs.bytes = contents.bytes
    }
  }
}
