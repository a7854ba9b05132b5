import Failures
import Tensors
import Threads
import Timelines

/// The thread that owns a rank's communicator: MPI makes no progress in the background, so overlapping communication
/// with computation takes a thread that does the blocking calls.
///
/// Jobs run one at a time in the order of submission, which must be the same on every rank. It is a communicator itself:
/// its collectives run on the thread while the caller waits, and allocate nothing.
public final class CommunicationThread: Communicator, @unchecked Sendable {
  public let rank: Int
  public let size: Int
  public let localRank: Int
  public let localSize: Int
  public let hostName: String

  /// Jobs that can wait; submitting more than that waits.
  public static let capacity = 256

  private let queue = JobQueue(capacity: capacity)
  private let thread: DedicatedThread
  /// Stopped by `close`, so that nothing is left for `deinit`.
  private let closed = Monitor(false)
  private let outcome: Outcome
  /// One call at a time uses `collective`.
  private let busy = Monitor(false)
  private let collective = CollectiveJob()

  /// What the thread leaves for the one that waits for it.
  private final class Outcome: @unchecked Sendable {
    /// Nil until `make` has returned.
    let start = Monitor<Result<any Communicator, Failure>?>(nil)
    /// Written before the thread ends, read after it was joined.
    var closing: Failure?
    /// Whether the thread closes the communicator when its queue ends.
    let finalises = Monitor(false)
    /// Told what is done; the communication thread's.
    var recorder: TimelineRecorder?
  }

  /// Starts the thread and creates its communicator there.
  ///
  /// - Parameters:
  ///   - name: what debuggers show.
  ///   - make: creates the communicator, on the new thread; its failure is thrown here.
  public init(
    name: String, make: @escaping @Sendable () throws(Failure) -> any Communicator
  ) throws(Failure) {
    let outcome = Outcome()
    let queue = queue
    let thread = DedicatedThread(name: name) {
      let started = Result(catching: make)
      outcome.start.update { $0 = started }
      guard case .success(let communicator) = started else { return }
      while let job = queue.next() {
        job.run(on: communicator, recorder: outcome.recorder)
        queue.complete()
      }
      guard outcome.finalises.read({ $0 }) else { return }
      do throws(Failure) { try communicator.close() } catch { outcome.closing = error }
    }
    let started = outcome.start.wait(until: { $0 != nil }) { $0! }
    if case .failure = started { thread.join() }
    let communicator = try started.get()
    rank = communicator.rank
    size = communicator.size
    localRank = communicator.localRank
    localSize = communicator.localSize
    hostName = communicator.hostName
    self.thread = thread
    self.outcome = outcome
  }

  /// A thread that was not closed ends without finalising: that would wait for ranks that may be gone.
  deinit { queue.close() }

  /// Adds a job to the queue; allocates nothing.
  public func submit(_ job: any CommunicationJob) { _ = queue.submit(job) }

  /// As `submit`, and returns the ticket to wait for.
  public func ticket(for job: any CommunicationJob) -> Int { queue.submit(job) }

  /// Waits until the job with this ticket is done.
  public func wait(for ticket: Int) { queue.wait(for: ticket) }

  /// How long the rank has been waiting for communication, and so for other ranks; 0 where it does not. For any thread.
  public var secondsWaited: Double { queue.secondsWaited }

  /// Seconds that the thread has had a processor. MPI waits by polling, so that whoever waits and has none is held up itself.
  public var processorSeconds: Double { thread.processorSeconds }

  /// Runs `body` on the thread, after all jobs submitted before, and returns what it returns.
  public func perform<Value>(
    _ body: (any Communicator) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let result = withoutActuallyEscaping(body) { escapable in
      let job = PerformJob(escapable)
      queue.wait(for: queue.submit(job))
      return job.result!
    }
    return try result.get()
  }

  /// From now on `recorder` is told what the thread does; nil ends that.
  public func record(into recorder: TimelineRecorder?) throws(Failure) {
    try perform { [outcome] _ in outcome.recorder = recorder }
  }

  /// Runs what is in the queue, closes the communicator and ends the thread. Does nothing the second time.
  public func close() throws(Failure) {
    let first = closed.update { closed in
      defer { closed = true }
      return !closed
    }
    guard first else { return }
    outcome.finalises.update { $0 = true }
    queue.close()
    thread.join()
    if let failure = outcome.closing { throw failure }
  }

  /// Does not wait for the jobs before it.
  public func abort(_ code: ExitCode) {
    guard case .success(let communicator) = outcome.start.read({ $0 }) else { return }
    communicator.abort(code)
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure) {
    try run(.broadcast(bytes, root: root))
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>, _ reduction: Reduction) throws(Failure) {
    try run(.floats(values, reduction))
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Double>, _ reduction: Reduction) throws(Failure)
  {
    try run(.doubles(values, reduction))
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Int64>, _ reduction: Reduction) throws(Failure) {
    try run(.integers(values, reduction))
  }

  public func sumInTree(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure) {
    try run(.tree(values))
  }

  public func sumPartInTree(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure) {
    try run(.treePart(values, parts, format))
  }

  public func gatherParts(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure) {
    try run(.gatherParts(values, parts, format))
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer)
    throws(Failure)
  {
    try run(.allGather(bytes, into: all))
  }

  public func barrier() throws(Failure) { try run(.barrier) }

  private func run(_ call: CollectiveJob.Call) throws(Failure) {
    busy.wait(until: { !$0 }, then: { $0 = true })
    collective.call = call
    queue.wait(for: queue.submit(collective))
    let failure = collective.failure
    collective.failure = nil
    busy.update { $0 = false }
    if let failure { throw failure }
  }
}
