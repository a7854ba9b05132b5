import Collectives
import Failures
import Threads

/// The few numbers that all ranks add up in every step, reduced while backward goes on.
///
/// The seconds are those of the step before, so that nobody waits for a clock.
final class StepTotals: CommunicationJob, @unchecked Sendable {
  /// One rank's numbers, or their sum over all ranks.
  struct Values {
    /// Sum of the losses of the samples.
    var loss = 0.0
    /// Samples classified right.
    var correct = 0.0
    /// Ranks that were asked to stop.
    var stops = 0.0
    /// Seconds of the previous step: in all, waiting for the loader, in communication that nothing hid, and waiting for
    /// the slowest rank at the end of forward.
    var step = 0.0
    var data = 0.0
    var exposed = 0.0
    var wait = 0.0
  }

  private static let count = MemoryLayout<Values>.stride / MemoryLayout<Double>.stride
  private let thread: CommunicationThread
  private let values: UnsafeMutablePointer<Values>
  private var ticket = 0
  private var seconds = 0.0
  private var failure: Failure?

  init(thread: CommunicationThread) {
    self.thread = thread
    values = .allocate(capacity: 1)
    values.initialize(to: Values())
  }

  deinit { values.deallocate() }

  /// Begins to add up; `finish` returns the sum.
  func begin(_ own: Values) {
    values.pointee = own
    if thread.size > 1 { ticket = thread.ticket(for: self) }
  }

  /// - Returns: the sum over all ranks, and the seconds that this rank waited in the reduction for the others.
  func finish() throws(Failure) -> (sum: Values, waited: Double) {
    guard thread.size > 1 else { return (values.pointee, 0) }
    thread.wait(for: ticket)
    if let failure { throw failure }
    return (values.pointee, seconds)
  }

  var label: TimelineLabel { TimelineLabel(.totals, bytes: MemoryLayout<Values>.stride) }

  func run(on communicator: any Communicator) {
    let start = monotonicSeconds()
    do throws(Failure) {
      try values.withMemoryRebound(to: Double.self, capacity: Self.count) { values throws(Failure) in
        try communicator.allReduce(UnsafeMutableBufferPointer(start: values, count: Self.count), .sum)
      }
    } catch {
      failure = error
    }
    seconds = monotonicSeconds() - start
  }
}
