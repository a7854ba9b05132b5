import Synchronization

/// Where a rank is in its work, for its watch to read: one store a phase, no lock, no file.
public final class Pulse: Sendable {
  /// What a rank does that is not waiting for others.
  public enum Phase: Int64, Sendable {
    case starting, loading, computing, updating, evaluating, recording, auditing
    /// It leaves in good order: nobody need look for it.
    case leaving

    /// As in `rank 3, which computes`.
    var verb: String {
      switch self {
      case .starting: "gets ready"
      case .loading: "loads data"
      case .computing: "computes"
      case .updating: "updates its parameters"
      case .evaluating: "evaluates"
      case .recording: "writes its records"
      case .auditing: "hashes its parameters"
      case .leaving: "leaves"
      }
    }
  }

  /// The step times 16, and the phase.
  private let state = Atomic<Int64>(0)

  /// Milliseconds for which the whole process stood still, as its watch found.
  private let stopped = Atomic<Int64>(0)

  public init() {}

  /// Adds to the time for which the process was stopped: by a signal, a debugger, or with its whole machine.
  func addStopped(_ seconds: Double) {
    stopped.add(Int64(seconds * 1000), ordering: .relaxed)
  }

  var secondsStopped: Double { Double(stopped.load(ordering: .relaxed)) / 1000 }

  /// - Parameter step: the one that is under way, from 1.
  public func enter(_ phase: Phase, step: Int) {
    state.store(Int64(step) << 4 | phase.rawValue, ordering: .relaxed)
  }

  public func enter(_ phase: Phase) { enter(phase, step: current.step) }

  public var current: (step: Int, phase: Phase) {
    let value = state.load(ordering: .relaxed)
    return (Int(value >> 4), Phase(rawValue: value & 15) ?? .starting)
  }
}
