import Collectives
import Datasets
import Failures
import Layers
import Planning
import Tensors
import Threads

/// One rank of a job of any size, with the loader, network and optimizer that it would have, but without the others: what it computes
/// in a step, and how much memory it needs.
public final class StepProbe {
  private let rank: Rank
  private let ranks: Int
  private let settings: TrainingSettings
  private let schedule: Schedule
  private let shards: ShardPlan
  private let replica: Replica
  private let gradient: GradientComputation
  private let update: Update
  private let loader: Loader
  private let order: [Int32]
  private let recorder: BackwardRecorder
  private var number = 0

  /// Images of the batch of all ranks, and the most of this one.
  public var batch: Int { schedule.batchSize }
  public let images: Int
  /// Steps of the whole run.
  public var steps: Int { schedule.steps }
  /// Images that the run evaluates in all.
  public let evaluatedImages: Int

  /// Reserves what the rank would have; nothing is touched before a step.
  ///
  /// - Parameters:
  ///   - ranks: of the job that is looked at.
  ///   - rank: the one that computes, in whatever job it is itself.
  /// - Throws: `configuration` where the settings do not fit so many ranks.
  public init(_ settings: TrainingSettings, data: TrainingData, ranks: Int, rank: Rank) throws(Failure) {
    // One rank may measure alone: nobody would update the other parts of the parameters.
    var settings = settings
    settings.shardOptimizer = false
    self.settings = settings
    self.ranks = ranks
    self.rank = rank
    schedule = Schedule(
      samples: data.train.count, batchSize: settings.batchSize, epochs: settings.epochs,
      maxSteps: settings.maxSteps)
    try settings.check(schedule, ranks: ranks)
    let place = rank.index % ranks
    shards = ShardPlan(settings, batchSize: schedule.batchSize, rank: place, ranks: ranks)
    images = Pass.localCapacity(globalBatch: schedule.batchSize, ranks: ranks)
    replica = Replica(
      settings, graph: try Replica.graph(settings),
      capacity: Batch.pieceCapacity(images, pieces: settings.accumulate), shards: shards, rank: rank,
      ranks: ranks)
    let network = replica.network
    gradient = GradientComputation(settings, network: network, shards: shards, fault: nil)
    update = Update(settings, schedule, replica, thread: rank.communication)
    loader = Loader(
      set: data.train, sample: network.input, capacity: images, augmentation: settings.augmentation,
      mixup: settings.mixup, seed: settings.seed)
    order = Sampler(count: data.train.count, seed: settings.seed, shuffle: settings.shuffle).order(epoch: 1)
    recorder = BackwardRecorder(replica, ranks: ranks, overlaps: settings.overlap)
    let tests = settings.evalEvery == 0 ? 0 : max(1, schedule.epochs / settings.evalEvery)
    evaluatedImages = tests * data.test.count
  }

  /// Bytes that the rank's buffers have once they were used: parameters, their average, moments, gradients and what rounding them has
  /// left, activations, factors, and the batches of the loaders of training and of testing.
  public var bytes: Int {
    let network = replica.network
    let factored = network.factors.reduce(0) { $0 + $1.weightRange.count }
    let gradients = network.laneCount * (network.gradients.count - factored)
    let factors = network.factors.reduce(0) {
      $0 + $1.x.count + $1.dy.count + (ranks > 1 ? $1.allX.count + $1.allDy.count : 0)
    }
    let packed =
      replica.format == .f32 || ranks == 1
      ? 0 : network.factors.reduce(0) { $0 + max($1.x.count, $1.dy.count) * (1 + ranks) / 2 }
    let batches = 2 * (images + network.capacity) * network.input.count
    return 4
      * (replica.buffers.reduce(0) { $0 + $1.buffer.count } + gradients + residualCount
        + network.arenaCount + factors + packed + batches)
  }

  /// Equal for ranks that compute the same: of a batch that grows with the ranks, most do.
  public var signature: String {
    "\(images) images, \(shards.own) shards, \(replica.network.factors.isEmpty ? 0 : ranks), \(min(ranks, 2)) ranks"
  }

  /// Bytes of the coordinator's copy of what it saves.
  public var savedBytes: Int { 4 * (replica.buffers.reduce(0) { $0 + $1.buffer.count } + residualCount) }

  private var residualCount: Int { replica.residual?.count ?? 0 }

  private struct Times {
    var data = 0.0
    var forward = 0.0
    var backward = 0.0
    var update = 0.0
    var whole: Double { data + forward + backward + update }
  }

  /// Takes steps of the real network on real images: as many as fit into a time, after one that warms up.
  ///
  /// - Parameters:
  ///   - seconds: about how long.
  ///   - before: called before each step, to have ranks begin together.
  ///   - agree: gives the largest of all measuring ranks' numbers, so that all take as many steps.
  public func measure(
    seconds: Double, before: () throws -> Void, agree: (Double) throws -> Double
  ) throws -> StepProfile {
    if number == 0 { replica.initialize(settings.initialization, seed: settings.seed) }
    try before()
    let first = try step()
    let count = max(3, min(25, Int(seconds / max(1e-6, try agree(first.times.whole)))))
    let rounds = try (0..<count).map { _ in
      try before()
      return try step()
    }
    func middle(_ value: (Times) -> Double) -> Double { median(rounds.map { value($0.times) }) }
    let whole = middle(\.whole)
    let moments = rounds[0].moments.indices.map { index in
      StepProfile.Moment(
        median(rounds.map { $0.moments[index].seconds }), rounds[0].moments[index].event)
    }
    return StepProfile(
      ranks: ranks, images: images, data: middle(\.data), forward: middle(\.forward),
      backward: middle(\.backward), update: middle(\.update), moments: moments,
      // The median's own deviation: a step that another program disturbed does not count.
      deviation: 1.4826 * median(rounds.map { abs($0.times.whole - whole) }), bytes: Double(bytes))
  }

  /// Seconds of a step together with the other ranks of the real job, of which there must be as many as were asked for; the
  /// median of `rounds`.
  public func measureTogether(rounds: Int) throws -> Double {
    precondition(rank.count == ranks, "the real job has as many ranks")
    let exchange = RankExchange(
      replica, thread: rank.communication, isOrdered: shards.isOrdered, overlaps: settings.overlap)
    let totals = StepTotals(thread: rank.communication)
    var seconds: [Double] = []
    for round in 0...rounds {
      try rank.communication.barrier()
      let start = monotonicSeconds()
      let batch = nextBatch()
      gradient.run(batch, seed: settings.seed, step: number, exchange: exchange) { _, _ in
        totals.begin(StepTotals.Values())
        exchange.begin(step: number)
      }
      _ = try exchange.finish()
      _ = try totals.finish()
      try finish()
      if round > 0 { seconds.append(monotonicSeconds() - start) }
    }
    return median(seconds)
  }

  private func step() throws(Failure) -> (times: Times, moments: [StepProfile.Moment]) {
    var times = Times()
    let start = monotonicSeconds()
    let batch = nextBatch()
    let loaded = monotonicSeconds()
    times.data = loaded - start
    var scored = loaded
    gradient.run(batch, seed: settings.seed, step: number, exchange: recorder) { _, _ in
      scored = monotonicSeconds()
      recorder.begin()
    }
    let done = monotonicSeconds()
    times.forward = scored - loaded
    times.backward = done - scored
    let moments = recorder.moments(end: times.backward)
    let began = monotonicSeconds()
    try finish()
    times.update = monotonicSeconds() - began
    return (times, moments)
  }

  /// The next full batch, as a run's loader has it ready.
  private func nextBatch() -> Batch {
    number += 1
    if number > 1, let batch = loader.next(), batch.globalCount == schedule.batchSize { return batch }
    loader.begin(
      Pass(
        order: order, globalBatch: schedule.batchSize, rank: rank.index % ranks, ranks: ranks, epoch: number))
    guard let batch = loader.next() else { preconditionFailure("a training set has a batch") }
    return batch
  }

  private func finish() throws(Failure) {
    _ = try update.apply(
      step: number, number: number, norm: replica.network.sumOfGradientSquares().squareRoot())
  }
}

private func median(_ values: [Double]) -> Double {
  values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
}
