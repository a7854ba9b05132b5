import Collectives
import Datasets
import Failures
import Kernels
import Layers
import Tensors

/// The training loop of one rank: forward, loss, backward with the reduction beside it, update.
///
/// Every rank runs it in step with the others. The coordinator's also reports to a ``Coordinator``, which keeps the run.
public final class Trainer {
  private let settings: TrainingSettings
  private let schedule: Schedule
  private let rank: Rank
  private let replica: Replica
  private let coordinator: Coordinator?
  private let loader: Loader
  private let sampler: Sampler
  private let evaluator: Evaluator
  private let reducer: GradientReducer
  private let totals: StepTotals
  /// Steps done.
  private(set) var step: Int
  private var isStopping = false
  /// Seconds of the previous step, for ``StepTotals``.
  private var last = StepTotals.Values()

  init(
    _ settings: TrainingSettings, schedule: Schedule, data: TrainingData, replica: Replica, step: Int,
    rank: Rank,
    coordinator: Coordinator?
  ) {
    self.settings = settings
    self.schedule = schedule
    self.rank = rank
    self.replica = replica
    self.step = step
    self.coordinator = coordinator
    let network = replica.network
    loader = Loader(set: data.train, sample: network.input, capacity: network.capacity)
    sampler = Sampler(count: data.train.count, seed: settings.seed, shuffle: settings.shuffle)
    evaluator = Evaluator(data.test, input: network.input, capacity: network.capacity, rank: rank)
    reducer = GradientReducer(
      thread: rank.communication, gradients: network.gradients.elements,
      buckets: GradientBuckets(
        count: network.gradients.count, slotOffsets: network.parameters.map(\.slot.offset)))
    totals = StepTotals(thread: rank.communication)
  }

  /// Trains to the end of the schedule, or until any rank is asked to stop.
  ///
  /// - Throws: ``Agreed`` with `stopped` after a request to stop, and with `internalError` where the gradient is not
  ///   finite; a `Failure` where this rank lost the others or cannot write.
  func run() throws {
    try coordinator?.begin(at: step)
    while step < schedule.steps {
      try trainEpoch()
      // An epoch that is complete is evaluated and recorded even when it is the last before a stop.
      if schedule.endsEpoch(step) {
        let epoch = schedule.epoch(of: step)
        let due = settings.evalEvery > 0 && (epoch % settings.evalEvery == 0 || step == schedule.steps)
        if due { coordinator?.beginEvaluation() }
        let score = due ? try evaluator.evaluate(replica.network) : nil
        try coordinator?.endEpoch(epoch, step: step, score: score)
      }
      if isStopping, step < schedule.steps { try stop() }
    }
    try coordinator?.complete(step: step)
  }

  /// Trains to the end of the epoch, of the schedule, or to a request to stop.
  private func trainEpoch() throws {
    let epoch = schedule.epoch(of: step + 1)
    loader.begin(
      Pass(
        order: sampler.order(epoch: epoch), globalBatch: schedule.batchSize, rank: rank.index,
        ranks: rank.count,
        firstBatch: step % schedule.stepsPerEpoch))
    var started = monotonicSeconds()
    while step < schedule.steps, let batch = loader.next() {
      let loaded = monotonicSeconds()
      let report = try train(on: batch)
      let ended = monotonicSeconds()
      last.step = ended - started
      last.data = loaded - started
      try coordinator?.endStep(report)
      isStopping = report.isStopping
      if isStopping || schedule.endsEpoch(step) { break }
      started = monotonicSeconds()
    }
  }

  /// One step. Allocates nothing.
  private func train(on batch: Batch) throws -> StepReport {
    let network = replica.network
    let samples = SampleKeys(seed: settings.seed, step: step, firstPosition: batch.firstPosition)
    let logits = network.forward(batch.images, mode: .training, samples: samples)
    let targets = LossTargets(labels: batch.labels)
    let scored = network.loss(logits, targets: targets, scale: 1 / Float(batch.globalCount))
    last.loss = scored.loss
    last.correct = Double(scored.correct)
    last.stops = StopRequest.isPending ? 1 : 0
    totals.begin(last)
    reducer.begin()
    network.backward(batch.images, samples: samples) { reducer.gradientsReady(from: $0) }
    last.exposed = try reducer.finish()
    let (sum, waited) = try totals.finish()
    last.wait = waited
    step += 1

    let squares = rank.kernels.sumOfSquares(network.gradients.base, count: network.gradients.count)
    guard squares.isFinite else { throw Agreed(failure: nonFinite()) }
    coordinator?.waitUntilSaved()
    replica.optimizer.update(
      parameters: network.values, gradients: network.gradients, step: step,
      rate: settings.learningRate, gradientScale: 1)
    return StepReport(
      step: step, images: batch.globalCount, totals: sum, gradientNorm: squares.squareRoot(),
      ranks: rank.count)
  }

  /// Ends the run after the step that all ranks have done.
  private func stop() throws {
    try coordinator?.stop(step: step)
    throw Agreed(failure: Failure(.stopped, "stopped on request after step \(step)"))
  }

  /// Says which layer's gradient is not finite; every rank finds the same one.
  private func nonFinite() -> Failure {
    let network = replica.network
    let culprit = network.parameters.first {
      !rank.kernels.sumOfSquares(network.gradients.base + $0.slot.offset, count: $0.slot.count).isFinite
    }
    return Failure(
      .internalError, "the gradient of \(culprit?.name ?? "a parameter") is not finite",
      at: "step \(step), epoch \(schedule.epoch(of: step))",
      advice: "lower --lr; the last checkpoint is as it was")
  }
}

/// What a step did, over all ranks.
struct StepReport {
  let step: Int
  /// Samples of the global batch.
  let images: Int
  let totals: StepTotals.Values
  let gradientNorm: Double
  let ranks: Int

  var loss: Double { totals.loss / Double(images) }
  var accuracy: Double { totals.correct / Double(images) }
  var isStopping: Bool { totals.stops > 0 }
}
