import Checkpoints
import Collectives
import Datasets
import Failures
import Files
import Foundation
import Layers
import Reports
import Telemetry
import Threads

/// Rank 0's second job: the run directory, the checkpoints, the aggregated metrics, and the console.
///
/// The trainer tells it what happened; it never steers the trainer. Saving goes on in the background.
final class Coordinator {
  private let settings: TrainingSettings
  private let schedule: Schedule
  private let directory: RunDirectory
  private let console: Console
  private let replica: Replica
  private let metrics: MetricsWriter
  private let results: ResultsWriter
  private let live: LiveRecords
  private let status: StatusFile
  private let store: CheckpointStore
  private let writer: CheckpointWriter
  private let snapshot: Snapshot
  /// What every checkpoint of the run says; step, position and score are added.
  private var state: CheckpointState
  private let continuation: Continuation
  private let started = monotonicSeconds()

  private var epoch: EpochTotals
  private var window = StepWindow()
  private(set) var savedStep: Int?
  /// Of steps behind checkpoints that may still be on their way to the disk.
  private var proofs: [StepProof] = []

  /// - Parameters:
  ///   - state: where the run stands: a fresh one at step 0, or the one that was resumed.
  ///   - continuation: what a user types to go on with this run.
  init(
    _ settings: TrainingSettings, schedule: Schedule, directory: RunDirectory, console: Console,
    replica: Replica,
    store: CheckpointStore, state: CheckpointState, continuation: Continuation
  ) throws(Failure) {
    self.settings = settings
    self.schedule = schedule
    self.directory = directory
    self.console = console
    self.replica = replica
    self.store = store
    self.state = state
    self.continuation = continuation
    metrics = try MetricsWriter(directory.paths.metrics, resumingAt: state.step)
    results = try ResultsWriter(directory.paths.results, resumingAt: state.epoch)
    live = try LiveRecords(
      settings, steps: schedule.steps, from: state.step, bestAccuracy: state.bestAccuracy,
      directory: directory,
      network: replica.network, console: console)
    status = StatusFile(directory.paths.status)
    writer = CheckpointWriter(store) { console.warning("a checkpoint was not saved: \($0)") }
    snapshot = Snapshot(of: replica)
    epoch = EpochTotals(state)
    savedStep = state.step > 0 ? state.step : nil
  }

  /// The loop is about to begin.
  func begin(_ standing: Standing) throws(Failure) {
    standing.store(in: &state)
    try status.write(record(.running, step: standing.step))
    console.begin(RunPlan(stepsPerEpoch: schedule.stepsPerEpoch, steps: schedule.steps))
    epoch.resumeClock()
    window = StepWindow()
  }

  /// Waits until what was gathered for the last save is on the disk, and may be overwritten.
  func waitForSave() { writer.wait() }

  func warn(_ text: String) { console.warning(text) }

  func say(_ text: String) { if !text.isEmpty { console.line(text) } }

  /// - Throws: `cannotWrite` where a record cannot be written, or another job took the run directory with `--force-unlock`.
  func endStep(_ report: StepReport, _ standing: Standing) throws(Failure) {
    if !proofs.isEmpty { writeProofs(areSaved: false) }
    epoch.add(report)
    window.add(report)
    let current = schedule.epoch(of: report.step)
    if report.step % settings.logEvery == 0 || report.step == schedule.steps {
      // From here on another job's records would stand between this one's.
      try directory.lock.checkHeld()
      let record = window.record(step: report.step, epoch: current)
      try metrics.append(record)
      try live.record(record)
      window = StepWindow()
    }
    try live.endStep(report, epoch: current)
    console.step(
      StepProgress(
        step: report.step, epoch: current, loss: Float(report.loss), accuracy: Float(report.accuracy),
        images: report.images))
    let due = settings.checkpointEvery.map { report.step % $0 == 0 } ?? false
    if due && !schedule.endsEpoch(report.step) { try save(standing, isBest: false) }
  }

  /// Keeps what the step behind a checkpoint computed, so that it can be proven by computing it again.
  func prove(_ proof: StepProof) {
    if savedStep == proof.step - 1 { proofs.append(proof) }
    writeProofs(areSaved: false)
  }

  /// - Parameter areSaved: whether all checkpoints are on the disk: one that is not there has made room for a newer.
  private func writeProofs(areSaved: Bool) {
    while let proof = proofs.first {
      let name = CheckpointStore.name(ofStep: proof.step - 1)
      let checkpoint = "\(directory.paths.checkpoints)/\(name)"
      func isThere() -> Bool { FileManager.default.fileExists(atPath: checkpoint) }
      guard isThere() || areSaved || proofs.count > 1 else { return }
      if isThere() {
        do throws(Failure) { try AtomicFile.write(proof.text, to: "\(checkpoint)/\(StepProof.name)") } catch {
          // The checkpoint may make room for a newer one at this very moment; if not, it is whole without its proof.
          if isThere() { console.warning("step \(proof.step) cannot be verified later: \(error)") }
        }
      }
      proofs.removeFirst()
    }
  }

  func beginEvaluation() {
    epoch.pauseSpeed()
    console.activity("evaluating")
  }

  /// Shows what the network made of the test set, and writes it down for the report.
  func keep(_ outcomes: Outcomes, of test: ImageSet, network: Network, step: Int) throws(Failure) {
    try directory.lock.checkHeld()
    try live.show(outcomes, of: test, step: step)
    warnIfFails { () throws(Failure) in
      try EvaluationRecord(
        outcomes, of: test, network: network, model: settings.model, step: step,
        epoch: schedule.epoch(of: step)
      ).write(to: directory.paths.evaluation)
    }
  }

  /// Writes down where each rank's time went, for the report.
  func keep(_ ranks: [RankTimes]) {
    warnIfFails { () throws(Failure) in
      let records = ranks.map {
        RankRecord(
          host: $0.host, seconds: $0.times.seconds, data: $0.times.data, exposed: $0.times.exposed)
      }
      try RankRecord.write(records, to: directory.paths.ranks)
    }
  }

  private func writeReport() {
    warnIfFails { () throws(Failure) in
      let page = ReportPage([try RunRecords(directory.paths.directory)])
      try page.write(to: directory.paths.report, at: TimeSource.system.utc())
    }
  }

  /// A run does not end for want of its report.
  private func warnIfFails(_ body: () throws(Failure) -> Void) {
    do throws(Failure) { try body() } catch { console.warning("the report lacks something: \(error)") }
  }

  /// - Parameters:
  ///   - score: the test score, where the epoch was evaluated.
  ///   - isBest: whether no epoch before scored as well.
  func endEpoch(
    _ number: Int, _ standing: Standing, score: Evaluator.Score?, isBest: Bool
  ) throws(Failure) {
    try directory.lock.checkHeld()
    let step = standing.step
    let result = epoch.result(number, score: score)
    if let score {
      let record = MetricsRecord(
        time: TimeSource.system.utc(), step: step, epoch: number, split: .test, loss: Float(score.loss),
        accuracy: Float(score.accuracy), imagesPerSecond: epoch.evaluationSpeed(score))
      try metrics.append(record)
      try live.record(record)
    }
    try results.append(result)
    console.epoch(result)
    epoch = EpochTotals()
    try save(standing, isBest: isBest)
    try status.write(record(.running, step: step))
    window = StepWindow()
  }

  /// The run cannot go on: a save under way is brought to its end, and the status says why.
  func fail(_ failure: Failure, step: Int) {
    var status = record(.failed, step: step)
    status.exitCode = failure.code.rawValue
    status.message = failure.description
    // The failure that ends the run is the one to report; what goes wrong on the way out is a warning.
    do throws(Failure) { try writer.finish() } catch {
      if error != failure { console.warning(error.description) }
    }
    // What the directory says is then another job's to say.
    guard directory.isHeld else { return live.abandon() }
    do throws(Failure) {
      try live.end(.failed)
      try self.status.write(status)
    } catch { console.warning(error.description) }
    writeReport()
  }

  /// The run is about to be stopped on request: what has to be saved is begun.
  ///
  /// Whoever sends SIGTERM or SIGINT may soon send SIGKILL, as mpirun does after a second; so what to do next is said at once.
  func beginStop(_ standing: Standing) throws(Failure) {
    if StopRequest.isEnding {
      console.line("stopping after step \(standing.step); go on with \(continuation.afterStop)")
    }
    if savedStep != standing.step { try save(standing, isBest: false) }
  }

  /// The run is stopped on request, once what ``beginStop(_:)`` began is done.
  func stop(_ standing: Standing) throws(Failure) {
    try finish(.stopped, step: standing.step)
  }

  /// The run has come to its end, or has not improved for long enough.
  func complete(_ standing: Standing) throws(Failure) {
    if savedStep != standing.step { try save(standing, isBest: false) }
    if standing.step < schedule.steps {
      console.line("stopped early: no better test accuracy for \(settings.earlyStopping) epochs")
    }
    try finish(.completed, step: standing.step)
  }

  /// Leaves nothing of a start that was dead.
  func discard() throws(Failure) {
    try live.end(.failed)
    try writer.finish()
    try store.removeAll()
  }

  /// - Throws: `cannotWrite` where another job took the run directory with `--force-unlock`.
  private func save(_ standing: Standing, isBest: Bool) throws(Failure) {
    try directory.lock.checkHeld()
    let step = standing.step
    standing.store(in: &state)
    state.epoch = step / schedule.stepsPerEpoch
    state.batch = step % schedule.stepsPerEpoch
    epoch.store(in: &state)
    state.savedAt = TimeSource.system.utc()
    // Behind the last step nothing changes any more: its save needs no copy.
    let isLast = step == schedule.steps
    writer.save(
      CheckpointContents(
        state: state, isBest: isBest,
        model: isLast ? ParameterTensor.model(of: replica, in: { $0 }) : snapshot.model,
        integers: replica.network.integers,
        optimizer: isLast ? ParameterTensor.training(of: replica, in: { $0 }) : snapshot.training,
        copy: { [snapshot] in if !isLast { snapshot.take() } }))
    savedStep = step
    live.save(bestAccuracy: state.bestAccuracy)
  }

  /// Waits for the last checkpoint, then says how the run ended and what to do next.
  private func finish(_ ending: RunStatus.State, step: Int) throws(Failure) {
    try writer.finish()
    try directory.lock.checkHeld()
    writeProofs(areSaved: true)
    try metrics.synchronize()
    try results.synchronize()
    try live.end(ending)
    try status.write(record(ending, step: step))
    writeReport()
    let paths = directory.paths
    let evaluate = RunSummary.Command("evaluate", "cnn-dist evaluate \(paths.directory)")
    let resume =
      ending == .stopped
      ? RunSummary.Command("resume", continuation.afterStop)
      : RunSummary.Command(
        "go on", step < schedule.steps ? continuation.afterEarlyEnd : continuation.afterEnd)
    console.line(
      RunSummary(
        state: ending, step: step, steps: schedule.steps, epochs: step / schedule.stepsPerEpoch,
        seconds: monotonicSeconds() - started, bestEpoch: state.bestStep.map { schedule.epoch(of: $0) },
        bestAccuracy: state.bestAccuracy, saving: saving, paths: paths, hasEvents: settings.tensorboard,
        commands: [evaluate, resume]
      ).text)
  }

  private var saving: RunSummary.Saving? {
    let costs = writer.costs
    guard costs.saves > 0 else { return nil }
    return RunSummary.Saving(
      checkpoints: costs.saves, bytes: costs.bytes, seconds: costs.seconds, copySeconds: costs.copySeconds,
      stallSeconds: costs.stallSeconds)
  }

  private func record(_ ending: RunStatus.State, step: Int) -> RunStatus {
    RunStatus(
      state: ending, step: step, epoch: step / schedule.stepsPerEpoch, steps: schedule.steps,
      stepsPerEpoch: schedule.stepsPerEpoch, bestAccuracy: state.bestAccuracy,
      exitCode: ending == .running ? nil : ending == .stopped ? ExitCode.stopped.rawValue : 0,
      message: ([ending == .stopped ? "stopped on request" : nil, restarts].compactMap { $0 })
        .joined(separator: "; "))
  }

  private var restarts: String? {
    state.restarts.map {
      "restarted \($0 == 1 ? "once" : "\($0) times") after a dead start, seed \(state.seed)"
    }
  }
}
