import Checkpoints
import Failures
import Files
import Glibc
import Threads

/// A fault of saving to inject, for tests: `CNN_DIST_FAULT=kill@checkpoint=after-fsync`, or `enospc@checkpoint,times=1`.
///
/// The first ends the coordinator as `kill -9` does when a save reaches a stage. The second makes so many attempts to save,
/// or all, fail as a full disk does.
package struct CheckpointFault: Equatable, Sendable {
  private enum Kind: Equatable {
    case kill(SaveStage)
    case full(times: Int)
  }

  private let kind: Kind

  /// What may be given, for messages.
  static let allowed = "kill@checkpoint=STAGE or enospc@checkpoint[,times=N]"

  /// Reads `text`; nil where it is none of these faults.
  package init?(_ text: String) {
    let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch words.first {
    case "kill@checkpoint":
      guard words.count == 2, let stage = SaveStage(rawValue: words[1]) else { return nil }
      kind = .kill(stage)
    case "enospc@checkpoint" where words.count == 1: kind = .full(times: .max)
    case "enospc@checkpoint,times":
      guard words.count == 2, let times = Int(words[1]), times > 0 else { return nil }
      kind = .full(times: times)
    default: return nil
    }
  }

  /// Makes the fault when a save gets there.
  package var observer: SaveObserver {
    switch kind {
    case .kill(let stage):
      return { (reached) throws(Failure) in if reached == stage { Glibc.kill(getpid(), SIGKILL) } }
    case .full(let times):
      let left = Monitor(times)
      return { (reached) throws(Failure) in
        guard reached == .middle else { return }
        let fails = left.update { left in
          defer { left = max(0, left - 1) }
          return left > 0
        }
        if fails { throw SystemCall.failure("write", "the checkpoint", .inputOutput, ENOSPC) }
      }
    }
  }
}
