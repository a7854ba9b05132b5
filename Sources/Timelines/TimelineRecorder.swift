import Synchronization
import Threads

/// Records what a rank does and when, on the thread that computes and on the one that communicates. A step allocates nothing.
///
///     recorder.begin(step: 12)
///     // load a batch
///     recorder.mark(.data)
///     // forward
///     recorder.mark(.forward)
public final class TimelineRecorder: @unchecked Sendable {
  /// Of each thread: 2.5 MB, some thousand steps.
  public static let capacity = 1 << 16

  public let computation: EventRing
  public let communication: EventRing
  private let step = Atomic(0)
  /// When the activity that is under way began; the computing thread's.
  private var began = 0.0

  public init(capacity: Int = TimelineRecorder.capacity) {
    computation = EventRing(capacity: capacity)
    communication = EventRing(capacity: capacity)
  }

  /// Seconds of the clock that every process of a machine shares.
  public static func now() -> Double { monotonicSeconds() }

  /// Something begins, in a step or outside of one, on the computing thread.
  ///
  /// - Parameter step: from 1; 0 outside of steps.
  public func begin(step: Int) {
    self.step.store(step, ordering: .relaxed)
    began = Self.now()
  }

  /// What the computing thread has done since the last mark, or since the beginning, was this.
  public func mark(_ activity: Activity) {
    let now = Self.now()
    computation.record(
      TimelineEvent(activity, from: began, to: now, step: step.load(ordering: .relaxed)))
    began = now
  }

  /// The communication thread has done this since `start`.
  public func communicated(_ activity: Activity, from start: Double, number: Int, bytes: Int) {
    communication.record(
      TimelineEvent(
        activity, from: start, to: Self.now(), step: step.load(ordering: .relaxed), number: number,
        bytes: bytes))
  }
}
