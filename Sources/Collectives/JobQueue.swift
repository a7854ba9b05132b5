import Synchronization
import Threads

/// Jobs in the order in which they were submitted, in a ring that never grows.
///
/// Every job has a number, its ticket; jobs are done in order, so a ticket is done when as many jobs are.
final class JobQueue: @unchecked Sendable {
  private struct State {
    var submitted = 0
    var taken = 0
    var completed = 0
    var closed = false
  }

  private let state = Monitor(State())
  private let ring: UnsafeMutablePointer<(any CommunicationJob)?>
  private let capacity: Int
  /// When the wait that is under way began, in nanoseconds; 0 where nobody waits.
  private let waitBegan = Atomic<Int64>(0)

  init(capacity: Int) {
    self.capacity = capacity
    ring = .allocate(capacity: capacity)
    ring.initialize(repeating: nil, count: capacity)
  }

  deinit {
    ring.deinitialize(count: capacity)
    ring.deallocate()
  }

  /// Adds a job, waiting for a free place if there is none; returns its ticket.
  func submit(_ job: any CommunicationJob) -> Int {
    state.wait(until: { $0.submitted - $0.completed < capacity || $0.closed }) { state in
      precondition(!state.closed, "a job for a communication thread that was closed")
      ring[state.submitted % capacity] = job
      state.submitted += 1
      return state.submitted
    }
  }

  /// Waits until the job with this ticket is done.
  func wait(for ticket: Int) {
    waitBegan.store(monotonicNanoseconds(), ordering: .relaxed)
    state.wait(until: { $0.completed >= ticket })
    waitBegan.store(0, ordering: .relaxed)
  }

  /// How long the wait that is under way has lasted; 0 where nobody waits.
  var secondsWaited: Double {
    let began = waitBegan.load(ordering: .relaxed)
    return began == 0 ? 0 : max(1e-9, Double(monotonicNanoseconds() - began) * 1e-9)
  }

  /// The next job, or nil when the queue is closed and empty.
  func next() -> (any CommunicationJob)? {
    state.wait(until: { $0.taken < $0.submitted || $0.closed })
    return state.read { $0.taken < $0.submitted ? ring[$0.taken % capacity] : nil }
  }

  /// Marks the job that `next` returned as done.
  func complete() {
    state.update { state in
      ring[state.taken % capacity] = nil
      state.taken += 1
      state.completed += 1
    }
  }

  /// Takes no more jobs; `next` returns nil when those in the queue are done.
  func close() {
    state.update { $0.closed = true }
  }
}
