import Datasets
import Failures
import Layers
import Telemetry

/// What is seen of a run while it goes on, besides the console: TensorBoard's event files, and the numbers for monitoring.
final class LiveRecords {
  private let tensorBoard: TensorBoardWriter?
  private let exporter: MetricsExporter
  private let spreads: TensorSpreads?
  private let histogramEvery: Int

  /// - Parameters:
  ///   - step: what the run goes on from.
  ///   - bestAccuracy: so far.
  init(
    _ settings: TrainingSettings, steps: Int, from step: Int, bestAccuracy: Double?, directory: RunDirectory,
    network: Network, console: Console
  ) throws(Failure) {
    let paths = directory.paths
    tensorBoard =
      settings.tensorboard ? try TensorBoardWriter(paths.tensorboard, resumingAt: step) : nil
    histogramEvery = settings.tensorboard ? settings.histogramEvery : 0
    spreads = histogramEvery > 0 ? TensorSpreads(network) : nil
    var metrics = LiveMetrics()
    metrics.started = TimeSource.system.utc()
    metrics.step = step
    metrics.steps = steps
    metrics.bestAccuracy = bestAccuracy
    exporter = MetricsExporter(
      metrics, model: settings.model, run: paths.directory, file: paths.prometheus
    ) { console.warning("metrics are not exported: \($0)") }
    if let port = settings.metricsPort { serve(settings, port, console) }
  }

  /// A port that is in use ends no training.
  private func serve(_ settings: TrainingSettings, _ port: UInt16, _ console: Console) {
    do throws(Failure) {
      let host = settings.metricsHost ?? TrainingSettings.standardMetricsHost
      console.line("metrics: \(try exporter.serve(host: host, port: port))")
    } catch {
      console.warning("\(error); training goes on without")
    }
  }

  /// A step is done, and its update made.
  func endStep(_ report: StepReport, epoch: Int) throws(Failure) {
    exporter.update {
      $0.step = report.step
      $0.epoch = epoch
      $0.ranks = report.ranks
      $0.images += report.images
      $0.loss = Float(report.loss)
      $0.accuracy = Float(report.accuracy)
    }
    if let spreads, report.step % histogramEvery == 0 {
      try tensorBoard?.append(spreads.measure(), step: report.step)
    }
  }

  /// A line of metrics was written.
  func record(_ record: MetricsRecord) throws(Failure) {
    try tensorBoard?.append(record)
    exporter.update {
      switch record.split {
      case .train: $0.train = record
      case .test: $0.test = record
      }
    }
  }

  /// The test images that were taken for others after a step.
  func show(_ outcomes: Outcomes, of test: ImageSet, step: Int) throws(Failure) {
    try tensorBoard?.append(try MistakeGrid(outcomes, of: test).picture(), step: step)
  }

  func save(bestAccuracy: Double?) {
    exporter.update {
      $0.checkpoints += 1
      $0.bestAccuracy = bestAccuracy
    }
  }

  /// The run has ended, well or not; nothing more is served.
  func end(_ state: RunStatus.State) throws(Failure) {
    exporter.update { $0.state = state }
    exporter.close()
    try tensorBoard?.synchronize()
  }

  /// The run is another job's; nothing more is served, or written where that one writes.
  func abandon() { exporter.abandon() }
}
