import Collectives
import Datasets
import Failures
import Layers
import Tensors
import Threads

/// The training loop of one rank: gradient with the reduction beside it, update, and at the end of an epoch the test.
///
/// Every rank runs it in step with the others and decides alike, from numbers that are the same on all of them. The
/// coordinator's also reports to a ``Coordinator``, which keeps the run.
final class Trainer {
  /// How training ends where nothing fails.
  enum Ending {
    /// At the end of the schedule, or early for want of progress.
    case finished
    /// The network has not begun to learn, and may be begun anew.
    case dead
  }

  private let settings: TrainingSettings
  private let schedule: Schedule
  private let rank: Rank
  private let replica: Replica
  private let coordinator: Coordinator?
  private let loader: Loader
  private let sampler: Sampler
  private let evaluator: Evaluator
  private let test: ImageSet
  private let gradient: GradientComputation
  private let exchange: RankExchange
  private let update: Update
  private let deadStart: DeadStart
  private let totals: StepTotals
  private let replicas: ReplicaAudit
  private let observer: RunObserver?
  private(set) var standing: Standing
  /// The last step that was saved, or that the run goes on from; 0 at its beginning.
  private var savedStep: Int
  /// Seconds of the previous step, for ``StepTotals``.
  private var last = StepTotals.Values()
  private var times = StepTimes()
  private let usage: ThreadUsage
  private let timeline: Timeline?

  /// - Parameter capacity: the most samples that this rank has in a batch.
  init(
    _ settings: TrainingSettings, schedule: Schedule, data: TrainingData, capacity: Int, shards: ShardPlan,
    replica: Replica, standing: Standing, rank: Rank, fault: Fault?, coordinator: Coordinator?,
    timeline: Timeline?, observer: RunObserver?
  ) {
    self.timeline = timeline
    self.settings = settings
    self.schedule = schedule
    self.rank = rank
    self.replica = replica
    self.standing = standing
    savedStep = standing.step
    self.coordinator = coordinator
    self.observer = observer
    let network = replica.network
    loader = Loader(
      set: data.train, sample: network.input, capacity: capacity, augmentation: settings.augmentation,
      mixup: settings.mixup, seed: standing.seed)
    sampler = Sampler(count: data.train.count, seed: standing.seed, shuffle: settings.shuffle)
    evaluator = Evaluator(data.test, input: network.input, capacity: network.capacity, rank: rank)
    test = data.test
    gradient = GradientComputation(settings, network: network, shards: shards, fault: fault)
    exchange = RankExchange(
      replica, thread: rank.communication, isOrdered: shards.isOrdered, overlaps: settings.overlap,
      fault: fault)
    update = Update(settings, schedule, replica, thread: rank.communication)
    deadStart = DeadStart(
      steps: settings.deadSteps, labels: data.train.labels, outputs: settings.classes,
      smoothing: settings.labelSmoothing)
    totals = StepTotals(thread: rank.communication)
    usage = ThreadUsage.current(of: rank)
    replicas = ReplicaAudit(settings, replica: replica, rank: rank)
  }

  /// Trains to the end of the schedule, or until any rank is asked to stop.
  ///
  /// - Throws: ``Agreed`` with `stopped` after a request to stop, and with `internalError` where the gradient is not
  ///   finite; a `Failure` where this rank lost the others or cannot write.
  func run() throws -> Ending {
    try coordinator?.begin(standing)
    while standing.step < schedule.steps {
      let interruption = try trainEpoch()
      if interruption == .dead { return .dead }
      // An epoch that is complete is evaluated and recorded even when it is the last before a stop.
      if schedule.endsEpoch(standing.step) { try endEpoch() }
      if standing.hasStalled(settings, schedule) { break }
      if interruption == .stop, standing.step < schedule.steps { try stop() }
    }
    try audit(isSaved: true)
    try explain()
    try coordinator?.complete(standing)
    return .finished
  }

  private enum Interruption { case stop, dead }

  /// Trains to the end of the epoch, of the schedule, or to what interrupts it.
  private func trainEpoch() throws -> Interruption? {
    let epoch = schedule.epoch(of: standing.step + 1)
    loader.begin(
      Pass(
        order: sampler.order(epoch: epoch), globalBatch: schedule.batchSize, rank: rank.index,
        ranks: rank.count, firstBatch: standing.step % schedule.stepsPerEpoch, epoch: epoch))
    var started = monotonicSeconds()
    rank.pulse.enter(.loading, step: standing.step + 1)
    timeline?.recorder.begin(step: standing.step + 1)
    while standing.step < schedule.steps, let batch = loader.next() {
      let loaded = monotonicSeconds()
      timeline?.recorder.mark(.data)
      let report = try train(on: batch)
      let ended = monotonicSeconds()
      last.step = ended - started
      last.data = loaded - started
      times.add(last)
      rank.pulse.enter(.recording)
      if try isDead(after: report) { return .dead }
      try audit(isSaved: settings.checkpointEvery.map { report.step % $0 == 0 } ?? false)
      timeline?.recorder.mark(.audit)
      try coordinator?.endStep(report, standing)
      timeline?.recorder.mark(.record)
      if report.isStopping { return .stop }
      if schedule.endsEpoch(standing.step) { break }
      started = monotonicSeconds()
      rank.pulse.enter(.loading, step: standing.step + 1)
      timeline?.recorder.begin(step: standing.step + 1)
    }
    return nil
  }

  /// One step. Allocates nothing, but for the proof of a step behind a checkpoint.
  private func train(on batch: Batch) throws -> StepReport {
    let step = standing.step + 1
    rank.pulse.enter(.computing)
    gradient.run(batch, seed: standing.seed, step: step, exchange: exchange) { loss, correct in
      last.loss = loss
      last.correct = Double(correct)
      last.stops = StopRequest.isPending ? 1 : 0
      timeline?.recorder.mark(.forward)
      totals.begin(last)
      exchange.begin(step: step)
    }
    timeline?.recorder.mark(.backward)
    let (polled, began) = (rank.communication.processorSeconds, monotonicSeconds())
    last.exposed = try exchange.finish()
    if rank.waitsByPolling {
      let polling = rank.communication.processorSeconds - polled
      // Of what counts as exposed, and no more: this thread may lose its processor between two readings of the clock.
      times.addStarved(min(last.exposed, monotonicSeconds() - began - polling))
    }
    let (sum, waited) = try totals.finish()
    last.wait = waited
    timeline?.recorder.mark(.wait)
    rank.pulse.enter(.updating)

    let network = replica.network
    observer?.trained(step, Array(UnsafeBufferPointer(start: batch.samples, count: batch.count)))
    let isProven = observer != nil || savedStep > 0 && savedStep == step - 1
    if isProven || showsGradients(step) { try exchange.gatherGradients() }
    if let coordinator, isProven {
      let proof = StepProof(step: step, loss: sum.loss / Double(batch.globalCount), network)
      observer?.proven(proof)
      coordinator.prove(proof)
    }
    let squares = try exchange.sumOfSquares()
    let norm = squares.squareRoot()
    if squares.isFinite {
      if let healed = try replicas.run(before: step) { coordinator?.warn(healed) }
      last.exposed += try update.apply(step: step, number: standing.updates + 1, norm: norm)
      standing.updates += 1
    } else {
      try leaveOut(step, batch)
    }
    timeline?.recorder.mark(.update)
    standing.step = step
    return StepReport(
      step: step, images: batch.globalCount, totals: sum, gradientNorm: norm, rate: update.rate(of: step),
      ranks: rank.count)
  }

  /// Whether TensorBoard is shown how the gradients of a step are spread.
  private func showsGradients(_ step: Int) -> Bool {
    settings.tensorboard && settings.histogramEvery > 0 && step % settings.histogramEvery == 0
  }

  /// Leaves out the update of a gradient that is not finite, if the settings allow one more of these.
  private func leaveOut(_ step: Int, _ batch: Batch) throws {
    try exchange.gatherGradients()
    let cause = try NonFiniteGradient(replica.network, rank: rank) {
      gradient.run(batch, seed: standing.seed, step: step)
    }
    let (allowed, count) = (settings.onNonFinite.allowance, step - standing.updates)
    let place = "step \(step), epoch \(schedule.epoch(of: step))"
    guard count <= allowed else {
      throw Agreed(
        failure: Failure(
          .internalError, cause.text, at: place, advice: "lower --lr; the last checkpoint is as it was"))
    }
    coordinator?.warn("\(cause.text) (\(place)); its update is left out, \(count) of \(allowed)")
  }

  /// Whether the network has not begun to learn in time and is to begin anew; warned about in any case.
  private func isDead(after report: StepReport) throws -> Bool {
    deadStart.add(
      step: report.step, loss: report.totals.loss, correct: report.totals.correct, images: report.images,
      to: &standing.start)
    guard report.step == deadStart.steps else { return false }
    let window = standing.start
    standing.start = StartWindow()
    guard deadStart.isDead(window) else { return false }
    coordinator?.warn(
      deadStart.report(window, gradientNorm: report.gradientNorm, settings: settings))
    return standing.restarts < settings.restartDead
  }

  /// Compares the replicas, where it is time to or a checkpoint follows, for which the coordinator then gets what the ranks share of it.
  private func audit(isSaved: Bool) throws {
    if let healed = try replicas.run(after: standing.step, isSaved: isSaved) { coordinator?.warn(healed) }
    guard isSaved, savedStep != standing.step else { return }
    savedStep = standing.step
    if replica.shares != nil { coordinator?.waitForSave() }
    try replica.gatherCheckpoint()
  }

  private func endEpoch() throws {
    try audit(isSaved: true)
    let epoch = schedule.epoch(of: standing.step)
    let isLast = standing.step == schedule.steps
    let score = settings.evalEvery > 0 && (epoch % settings.evalEvery == 0 || isLast) ? try evaluate() : nil
    let isBest = score.map { standing.improves($0.accuracy) } ?? false
    try coordinator?.endEpoch(epoch, standing, score: score, isBest: isBest)
  }

  /// Scores the weights that the run is for: their average, where there is one.
  private func evaluate() throws -> Evaluator.Score {
    coordinator?.beginEvaluation()
    rank.pulse.enter(.evaluating)
    timeline?.recorder.begin(step: 0)
    return try replica.withAveragedValues {
      let network = replica.network
      var outcomes = Outcomes(count: test.count)
      let score = try evaluator.evaluate(network) { (batch, logits) throws(Failure) in
        outcomes.add(batch, logits, classes: network.output.count)
      }
      try outcomes.gather(on: rank)
      try coordinator?.keep(outcomes, of: test, network: network, step: standing.step)
      timeline?.recorder.mark(.evaluate)
      if rank.isCoordinator { observer?.evaluated(score.seen) }
      return score
    }
  }

  /// Says where the time went, and which rank held the others up.
  private func explain() throws {
    rank.pulse.enter(.recording)
    let ranks = try rank.communication.gather(times, ThreadUsage.current(of: rank) - usage)
    coordinator?.say(Straggler(ranks).text)
    if let text = try timeline?.write() { coordinator?.say(text) }
    coordinator?.keep(ranks)
  }

  /// Ends the run after the step that all ranks have done.
  private func stop() throws {
    try audit(isSaved: true)
    try coordinator?.beginStop(standing)
    try explain()
    try coordinator?.stop(standing)
    throw Agreed(failure: Failure(.stopped, "stopped on request after step \(standing.step)"))
  }
}
