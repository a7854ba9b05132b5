/// The newest events of one thread, in memory that is taken once. The thread alone may use it until it has stopped recording.
public final class EventRing: @unchecked Sendable {
  private let events: UnsafeMutableBufferPointer<TimelineEvent>
  /// How many there ever were.
  public private(set) var recorded = 0

  public init(capacity: Int) {
    precondition(capacity > 0, "a ring has room")
    events = .allocate(capacity: capacity)
    // Touches every page, so that none is taken in a step.
    events.initialize(repeating: TimelineEvent(.collective, from: 0, to: 0, step: 0))
  }

  deinit { events.deallocate() }

  /// Adds an event, in place of the oldest where the ring is full; allocates nothing.
  public func record(_ event: TimelineEvent) {
    events[recorded % events.count] = event
    recorded += 1
  }

  /// Events that had to make room for newer ones.
  public var overwritten: Int { max(0, recorded - events.count) }

  /// What is left, the oldest first.
  public var all: [TimelineEvent] {
    (overwritten..<recorded).map { events[$0 % events.count] }
  }
}
