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
  private let gradients: FloatBuffer
  private let gathers: [(factors: GradientFactors, job: GatherJob)]
  private let thread: CommunicationThread
  /// What a test has go wrong at the end of backward.
  private let strike: (_ step: Int) -> Void
  private var step = 0
  /// Seconds of this step that were spent waiting for factors.
  private var waited = 0.0

  /// - Parameters:
  ///   - shares: how the ranks share the update; nil where each makes all of it.
  ///   - isOrdered: whether sums are added up in a fixed tree. Without it every rank gets all gradients.
  ///   - fault: what a test has go wrong, or nothing.
  init(
    _ network: Network, shares: ParameterShares?, thread: CommunicationThread, isOrdered: Bool,
    fault: Fault? = nil
  ) {
    self.thread = thread
    strike = { fault?.strike(step: $0, network) }
    let shares = isOrdered ? shares : nil
    self.shares = shares
    gradients = network.gradients
    let buckets = shares?.buckets ?? GradientBuckets(of: network)
    reducer = GradientReducer(
      thread: thread, gradients: network.gradients.elements, buckets: buckets, isOrdered: isOrdered,
      parts: { shares?.parts(of: $0) })
    gathers = thread.size == 1 ? [] : network.factors.map { ($0, GatherJob($0)) }
  }

  func begin(step: Int) {
    self.step = step
    waited = 0
    reducer.begin()
  }

  func gradientsReady(from offset: Int) {
    if offset == 0 { strike(step) }
    reducer.gradientsReady(from: offset)
  }

  func factorsReady(_ factors: GradientFactors) {
    guard let job = job(of: factors) else { return }
    job.ticket = thread.ticket(for: job)
  }

  func waitForFactors(_ factors: GradientFactors) {
    guard let job = job(of: factors) else { return }
    let start = monotonicSeconds()
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
  func sumOfSquares(_ network: Network) throws(Failure) -> Double {
    try network.sumOfGradientSquares { (squares) throws(Failure) in try thread.allReduce(squares, .sum) }
  }

  /// Gives every rank the gradients that it leaves to others, for those who look at all of them. Collective.
  func gatherGradients() throws(Failure) {
    for parts in shares?.reduced ?? [] {
      try thread.gatherParts(UnsafeMutableBufferPointer(rebasing: gradients.elements[parts.range]), parts)
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

/// Gives every rank all ranks' factors of a layer.
private final class GatherJob: CommunicationJob, @unchecked Sendable {
  private let factors: GradientFactors
  /// The computing thread's.
  var ticket = 0
  /// The communication thread's until somebody has waited for the ticket.
  private var failure: Failure?

  init(_ factors: GradientFactors) { self.factors = factors }

  var label: TimelineLabel {
    TimelineLabel(.factors, bytes: (factors.x.count + factors.dy.count) * MemoryLayout<Float>.stride)
  }

  func run(on communicator: any Communicator) {
    do throws(Failure) {
      try communicator.allGather(
        UnsafeRawBufferPointer(factors.x), into: UnsafeMutableRawBufferPointer(factors.allX))
      try communicator.allGather(
        UnsafeRawBufferPointer(factors.dy), into: UnsafeMutableRawBufferPointer(factors.allDy))
    } catch {
      failure = error
    }
  }

  func check() throws(Failure) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }
}
