import Failures
import Tensors
import Threads

/// Sums the gradients of all ranks bucket by bucket, on the communication thread, while backward goes on.
///
///     reducer.begin()
///     // after each layer's backward, last layer first:
///     reducer.gradientsReady(from: offset)
///     let exposed = try reducer.finish()
///
/// All calls come from the thread that computes. A step allocates nothing; with one rank nothing happens at all, but that sums are
/// rounded which several would have sent in 16 bits.
public final class GradientReducer: CommunicationJob, @unchecked Sendable {
  /// Seconds that the last finished step spent in all-reduce, hidden or not; waiting for slower ranks is part of it.
  public private(set) var communicationSeconds = 0.0

  private let thread: CommunicationThread
  private let gradients: UnsafeMutableBufferPointer<Float>
  private let buckets: [Range<Int>]
  /// The parts of each bucket; nil where every rank gets all of it.
  private let parts: [RankParts?]
  private let isOrdered: Bool
  private let leavesParts: Bool
  private let format: FloatFormat
  /// What rounding has left of each sum; nil where nothing is rounded.
  private let residual: FloatBuffer?
  /// Buckets handed over in this step; the computing thread's.
  private var submitted = 0
  private var lastTicket = 0
  /// Buckets reduced in this step and what went wrong: the communication thread's until `finish` has waited for it.
  private var reduced = 0
  private var seconds = 0.0
  private var failure: Failure?

  /// - Parameters:
  ///   - gradients: the flat buffer, which outlives the reducer.
  ///   - buckets: the ranges of that buffer, the same on every rank.
  ///   - isOrdered: whether sums are added up in a fixed tree; see ``Communicator/sumInTree(_:)``.
  ///   - parts: how a bucket is divided among the ranks that add it up; nil for one that is added up in 32 bits, and that all ranks get.
  ///   - leavesParts: whether a rank needs only its own part of a divided bucket.
  ///   - residual: as long as the gradients. Divided buckets are then sent in 16 bits: their sums are rounded with what is left of the
  ///     step before, and leave there what that loses.
  public init(
    thread: CommunicationThread, gradients: UnsafeMutableBufferPointer<Float>, buckets: GradientBuckets,
    isOrdered: Bool, parts: (_ bucket: Range<Int>) -> RankParts? = { _ in nil }, leavesParts: Bool = true,
    residual: FloatBuffer? = nil
  ) {
    precondition(buckets.count == gradients.count, "the buckets cover the gradients")
    precondition(residual == nil || isOrdered, "16 bits need a tree")
    precondition(
      residual.map { $0.count == gradients.count } ?? true, "a residual is as long as the gradients")
    self.thread = thread
    self.gradients = gradients
    self.isOrdered = isOrdered
    self.leavesParts = leavesParts
    self.residual = residual
    format = residual == nil ? .f32 : .bf16
    self.buckets = thread.size > 1 || residual != nil ? buckets.ranges : []
    self.parts = self.buckets.map(parts)
  }

  /// Starts a step: no gradient is final yet.
  public func begin() {
    precondition(submitted == 0, "a step is finished before the next one begins")
    reduced = 0
    seconds = 0
  }

  /// All gradients at `offset` and above are final: hands over the buckets that are complete.
  public func gradientsReady(from offset: Int) {
    while submitted < buckets.count, buckets[submitted].lowerBound >= offset {
      submitted += 1
      lastTicket = thread.ticket(for: self)
    }
  }

  /// Hands over what is left and waits until every gradient is the sum over all ranks.
  ///
  /// - Returns: the seconds that this call waited: communication that computation did not hide.
  /// - Throws: the first failure of an all-reduce; the gradients are then worthless.
  public func finish() throws(Failure) -> Double {
    guard !buckets.isEmpty else { return 0 }
    gradientsReady(from: 0)
    let start = monotonicSeconds()
    thread.wait(for: lastTicket)
    let waited = monotonicSeconds() - start
    submitted = 0
    communicationSeconds = seconds
    if let failure {
      self.failure = nil
      throw failure
    }
    return waited
  }

  public var label: TimelineLabel {
    let width = (parts[reduced] == nil ? FloatFormat.f32 : format).width
    return TimelineLabel(.bucket, number: reduced + 1, bytes: buckets[reduced].count * width)
  }

  /// Reduces the next bucket.
  public func run(on communicator: any Communicator) {
    let (range, parts) = (buckets[reduced], parts[reduced])
    reduced += 1
    guard failure == nil else { return }
    let start = monotonicSeconds()
    do throws(Failure) {
      let values = UnsafeMutableBufferPointer(rebasing: gradients[range])
      if !isOrdered {
        try communicator.allReduce(values, .sum)
      } else if let parts {
        try communicator.sumPartInTree(values, parts, as: format)
        round(parts[communicator.rank])
        if !leavesParts { try communicator.gatherParts(values, parts, as: format) }
      } else {
        try communicator.sumInTree(values)
      }
    } catch {
      failure = error
    }
    seconds += monotonicSeconds() - start
  }

  /// Of the sums that this rank has for the others.
  private func round(_ own: Range<Int>) {
    guard let residual, let gradients = gradients.baseAddress else { return }
    BFloat16.round(
      gradients + own.lowerBound, carrying: residual.base + own.lowerBound, count: own.count)
  }
}
