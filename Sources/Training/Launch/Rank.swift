import Collectives
import Failures
import Kernels
import Threads

/// One rank of a job: its place among the others, the thread that talks to them, and what it computes with.
public struct Rank: Sendable {
  public let communication: CommunicationThread
  public let kernels: any KernelSet.Type
  /// Threads that compute.
  public let threads: Int
  /// The MPI library, or `none` where ranks are threads of one process.
  public let mpi: String
  /// Where it is in its work, for whoever watches it.
  let pulse = Pulse()
  /// Ends the whole job with a code while a rank is stuck; from any thread.
  let abandon: @Sendable (ExitCode) -> Void

  /// Whether a rank that waits for others keeps a processor busy, as MPI does.
  var waitsByPolling: Bool { mpi != "none" }

  public var index: Int { communication.rank }
  public var count: Int { communication.size }
  /// The rank that speaks, keeps the run directory and writes the checkpoints.
  public var isCoordinator: Bool { index == 0 }

  /// Threads to compute with; no more than there are samples at once, and as many as divide the shards.
  func team(capacity: Int, shards: ShardPlan? = nil) -> ThreadTeam {
    let most = min(threads, max(1, capacity))
    return ThreadTeam(count: shards?.threads(most) ?? most, name: "lane")
  }

  /// Runs a phase on every rank and goes on only if it went well on all of them.
  ///
  /// - Throws: ``Agreed`` on every rank, with the failure of the lowest rank that failed.
  public func together<Value>(_ phase: () throws(Failure) -> Value) throws -> Value {
    try Self.together(communication, phase)
  }

  /// As ``together(_:)``, before there is a rank.
  static func together<Value>(
    _ communication: CommunicationThread, _ phase: () throws(Failure) -> Value
  ) throws -> Value {
    let outcome: Result<Value, Failure>
    do { outcome = .success(try phase()) } catch { outcome = .failure(error) }
    do {
      switch outcome {
      case .success(let value):
        try communication.agree(outcome: nil)
        return value
      case .failure(let failure):
        try communication.agree(outcome: failure)
        throw Agreed(failure: failure)
      }
    } catch let failure as Failure {
      throw failure.code == .peerLost ? failure : Agreed(failure: failure)
    }
  }
}

/// A failure that every rank of the job throws at the same place, so that all of them can leave in good order.
///
/// A plain `Failure` is one rank's own: the others wait for it and must be stopped.
public struct Agreed: Error, Sendable {
  public let failure: Failure

  public init(failure: Failure) { self.failure = failure }
}
