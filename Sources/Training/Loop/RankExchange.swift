import Collectives
import Failures
import Layers
import Tensors
import Threads

/// What backward tells the other ranks: sums of gradients bucket by bucket, and the factors of the large ones.
final class RankExchange: GradientExchange {
  private let reducer: GradientReducer
  /// How the gradients are divided among the ranks; nil where each gets all of them.
  private let shares: ParameterShares?
  private let network: Network
  private let gathers: [(factors: GradientFactors, job: GatherJob)]
  private let thread: CommunicationThread
  private let format: FloatFormat
  private let overlaps: Bool
  /// What a test has go wrong at the end of backward.
  private let strike: (_ step: Int) -> Void
  private var step = 0
  /// Seconds of this step that were spent waiting for factors.
  private var waited = 0.0

  /// - Parameters:
  ///   - isOrdered: whether sums are added up in a fixed tree. Without it every rank gets all gradients.
  ///   - overlaps: whether communication begins while backward goes on.
  ///   - fault: what a test has go wrong, or nothing.
  init(
    _ replica: Replica, thread: CommunicationThread, isOrdered: Bool, overlaps: Bool, fault: Fault? = nil
  ) {
    let network = replica.network
    (self.network, self.thread, self.overlaps) = (network, thread, overlaps)
    strike = { fault?.strike(step: $0, network) }
    shares = isOrdered ? replica.shares : nil
    let format = replica.format
    self.format = format
    let division = isOrdered ? replica.division : nil
    reducer = GradientReducer(
      thread: thread, gradients: network.gradients.elements,
      buckets: division?.buckets ?? GradientBuckets(of: network), isOrdered: isOrdered,
      parts: { division?.parts(of: $0) }, leavesParts: shares != nil, residual: replica.residual?.buffer)
    gathers =
      thread.size == 1 && format == .f32
      ? [] : network.factors.map { ($0, GatherJob($0, ranks: thread.size, as: format)) }
  }

  func begin(step: Int) {
    self.step = step
    waited = 0
    reducer.begin()
  }

  func gradientsReady(from offset: Int) {
    if offset == 0 { strike(step) }
    if overlaps { reducer.gradientsReady(from: offset) }
  }

  func factorsReady(_ factors: GradientFactors) {
    guard overlaps, let job = job(of: factors) else { return }
    job.ticket = thread.ticket(for: job)
  }

  func waitForFactors(_ factors: GradientFactors) {
    guard let job = job(of: factors) else { return }
    let start = monotonicSeconds()
    if !overlaps { job.ticket = thread.ticket(for: job) }
    thread.wait(for: job.ticket)
    waited += monotonicSeconds() - start
  }

  /// Waits until every gradient is that of the global batch: of those that ranks share, this rank's own.
  ///
  /// - Returns: the seconds of this step in which computation waited for communication.
  /// - Throws: the first failure; the gradients are then worthless.
  func finish() throws(Failure) -> Double {
    let rest = try reducer.finish()
    for (_, job) in gathers { try job.check() }
    return waited + rest
  }

  /// The sum of the squares of all gradients, in double precision; the same on every rank.
  func sumOfSquares() throws(Failure) -> Double {
    try network.sumOfGradientSquares { (squares) throws(Failure) in try thread.allReduce(squares, .sum) }
  }

  /// Gives every rank the gradients that it leaves to others, for those who look at all of them. Collective.
  func gatherGradients() throws(Failure) {
    for parts in shares?.reduced ?? [] {
      try thread.gatherParts(
        UnsafeMutableBufferPointer(rebasing: network.gradients.elements[parts.range]), parts, as: format)
    }
  }

  private func job(of factors: GradientFactors) -> GatherJob? {
    gathers.first { $0.factors === factors }?.job
  }
}

extension GradientBuckets {
  /// What is summed up of a network's gradients.
  init(of network: Network) {
    self.init(
      count: network.gradients.count,
      slotOffsets: (network.parameters + network.statistics).map(\.slot.offset),
      excluding: network.factors.map(\.range))
  }
}

/// Gives every rank all ranks' factors of a layer; in 16 bits these are rounded, and one rank rounds its own.
private final class GatherJob: CommunicationJob, @unchecked Sendable {
  private let factors: GradientFactors
  private let format: FloatFormat
  /// This rank's factors as they are sent, and those of all ranks; empty where they are sent from where they lie.
  private let packed: UnsafeMutableBufferPointer<UInt16>
  private let all: UnsafeMutableBufferPointer<UInt16>
  /// The computing thread's.
  var ticket = 0
  /// The communication thread's until somebody has waited for the ticket.
  private var failure: Failure?

  init(_ factors: GradientFactors, ranks: Int, as format: FloatFormat) {
    (self.factors, self.format) = (factors, format)
    let count = format == .f32 || ranks == 1 ? 0 : max(factors.x.count, factors.dy.count)
    packed = .allocate(capacity: count)
    all = .allocate(capacity: ranks * count)
  }

  deinit {
    packed.deallocate()
    all.deallocate()
  }

  var label: TimelineLabel {
    TimelineLabel(.factors, bytes: (factors.x.count + factors.dy.count) * format.width)
  }

  func run(on communicator: any Communicator) {
    do throws(Failure) {
      try gather(factors.x, into: factors.allX, communicator)
      try gather(factors.dy, into: factors.allDy, communicator)
    } catch {
      failure = error
    }
  }

  private func gather(
    _ own: UnsafeMutableBufferPointer<Float>, into every: UnsafeMutableBufferPointer<Float>,
    _ communicator: any Communicator
  ) throws(Failure) {
    guard format == .bf16 else {
      return try communicator.allGather(
        UnsafeRawBufferPointer(own), into: UnsafeMutableRawBufferPointer(every))
    }
    guard let values = own.baseAddress, let result = every.baseAddress else { return }
    guard let target = packed.baseAddress, let source = all.baseAddress, !packed.isEmpty else {
      return BFloat16.round(values, count: own.count)
    }
    BFloat16.pack(values, into: target, count: own.count)
    try communicator.allGather(
      UnsafeRawBufferPointer(UnsafeBufferPointer(start: target, count: own.count)),
      into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: source, count: every.count)))
    BFloat16.unpack(source, into: result, count: every.count)
  }

  func check() throws(Failure) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }
}
