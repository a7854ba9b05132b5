import Failures
import Threads

/// Saves checkpoints on a thread of its own while training goes on.
///
/// The tensors are read straight from the live buffers, because a copy of vgg11's parameters and moments is
/// 1.5 GB. So whoever changes them calls `waitUntilCopied()` first; what then remains of a save (bringing it
/// to the disk, reading it back, renaming, rotating) costs training nothing.
///
/// A save that fails leaves nothing behind, is reported, and is tried once more: at once where the tensors have not
/// changed since, else by the caller when `wantsAnotherSave` says so.
public final class CheckpointWriter: Sendable {
  private struct Save {
    var contents: CheckpointContents
    /// How often the tensors had changed when it was asked for.
    var version: Int
    /// Whether it makes up for one that failed.
    var isRetry: Bool
  }

  private struct State {
    var queue: [Save] = []
    var uncopied = 0
    var version = 0
    var isStopping = false
    var wantsAnotherSave = false
    var failure: Failure?
    var stall = Duration.zero
  }

  private let state: Monitor<State>
  private let thread: DedicatedThread
  private let isFinished = Monitor(false)

  /// - Parameters:
  ///   - store: where to save.
  ///   - report: told, on the writer's thread, of every failed attempt and of trouble with older checkpoints.
  public init(_ store: CheckpointStore, report: @escaping @Sendable (Failure) -> Void) {
    let state = Monitor(State())
    self.state = state
    thread = DedicatedThread(name: "checkpoints") {
      while let save = Self.next(state) { Self.perform(save, store, state, report) }
    }
  }

  /// Lets the thread finish what was asked for, without waiting.
  deinit { state.update { $0.isStopping = true } }

  // MARK: The trainer's side

  /// Asks for a save and returns at once.
  public func save(_ contents: CheckpointContents) {
    state.update {
      precondition(!$0.isStopping, "a finished writer saves nothing")
      $0.queue.append(Save(contents: contents, version: $0.version, isRetry: $0.wantsAnotherSave))
      $0.wantsAnotherSave = false
      $0.uncopied += 1
    }
  }

  /// Waits until no save reads the tensors any more; call before each change of them. Costs a lock where none does.
  public func waitUntilCopied() {
    let start = ContinuousClock.now
    state.wait(
      until: { $0.uncopied == 0 },
      then: {
        $0.version += 1
        $0.stall += ContinuousClock.now - start
      })
  }

  /// Whether a save failed after its tensors had changed, so that only a new one can make up for it.
  public var wantsAnotherSave: Bool { state.read { $0.wantsAnotherSave } }

  /// How long training has waited for saves, in seconds.
  public var stallSeconds: Double { state.read { $0.stall / .seconds(1) } }

  /// Waits until all saves are done. To be called when the tensors change no more; later calls do nothing new.
  ///
  /// - Throws: `inputOutput` when the last save failed for good.
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

  private static func next(_ state: Monitor<State>) -> Save? {
    state.wait(
      until: { !$0.queue.isEmpty || $0.isStopping },
      then: { $0.queue.isEmpty ? nil : $0.queue.removeFirst() })
  }

  private static func perform(
    _ save: Save, _ store: CheckpointStore, _ state: Monitor<State>, _ report: (Failure) -> Void
  ) {
    var attempts = 2
    while attempts > 0 {
      attempts -= 1
      var hasCopied = false
      do throws(Failure) {
        try store.save(
          save.contents,
          copied: {
            hasCopied = true
            state.update { $0.uncopied -= 1 }
          }, report: report)
        state.update { $0.failure = nil }
        return
      } catch {
        report(error)
        state.update {
          let isUnchanged = !hasCopied || $0.version == save.version
          if isUnchanged, attempts > 0 {
            // The tensors are needed again: whoever comes to change them waits.
            if hasCopied { $0.uncopied += 1 }
            return
          }
          if !hasCopied { $0.uncopied -= 1 }
          $0.failure = error
          $0.wantsAnotherSave = attempts > 0 && !save.isRetry
          attempts = 0
        }
      }
    }
  }
}
