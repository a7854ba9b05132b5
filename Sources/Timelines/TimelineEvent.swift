/// What a rank can be seen doing.
public enum Activity: UInt8, CaseIterable, Sendable {
  // Of the thread that computes.
  case data, forward, backward, wait, update, audit, record, evaluate
  // Of the thread that communicates.
  case bucket, factors, parameters, totals, collective

  /// Whether it is the communication thread's.
  public var isCommunication: Bool { rawValue >= Activity.bucket.rawValue }
}

/// Something that took some time. Plain bytes, so that ranks can send it.
public struct TimelineEvent: BitwiseCopyable, Equatable, Sendable {
  /// Seconds of this rank's clock, ``TimelineRecorder/now()``.
  public var start: Double
  public var end: Double
  /// Bytes that were sent, of this rank's own; 0 for anything else.
  public var bytes: Int64
  /// From 1; 0 outside of steps.
  public var step: Int32
  /// The bucket's number in its step, from 1; 0 for anything else.
  public var number: Int16
  private var kind: UInt8

  public var activity: Activity { Activity(rawValue: kind) ?? .collective }

  public init(
    _ activity: Activity, from start: Double, to end: Double, step: Int, number: Int = 0, bytes: Int = 0
  ) {
    (self.start, self.end, self.bytes) = (start, end, Int64(bytes))
    self.step = Int32(clamping: step)
    self.number = Int16(clamping: number)
    kind = activity.rawValue
  }
}
