import Synchronization

/// Where a rank is in its work, for its watch to read, and for how long the watch found it stopped: one store a phase, no
/// lock, no file.
public final class Pulse: Sendable {
  /// What a rank does that is not waiting for others.
  public enum Phase: Int64, Sendable {
    case starting, loading, computing, updating, evaluating, recording, auditing
    /// It leaves in good order: nobody need look for it.
    case leaving

    /// Whether it belongs to the steps of training, in which the others wait for this rank.
    var isOfStep: Bool {
      switch self {
      case .loading, .computing, .updating, .recording, .auditing: true
      case .starting, .evaluating, .leaving: false
      }
    }

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

  private let millisecondsStopped = Atomic<Int64>(0)

  public init() {}

  /// Adds to the time for which the whole process was stopped in its steps, as by a signal or a debugger.
  func addStopped(_ seconds: Double) {
    millisecondsStopped.add(Int64(seconds * 1000), ordering: .relaxed)
  }

  var secondsStopped: Double { Double(millisecondsStopped.load(ordering: .relaxed)) / 1000 }

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
