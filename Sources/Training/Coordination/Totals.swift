import Checkpoints
import Telemetry
import Threads

/// What an epoch has added up so far.
struct EpochTotals {
  private var loss = 0.0
  private var correct = 0.0
  private var images = 0.0
  /// Learning rate of the last step.
  private var rate: Float = 0
  /// Seconds of training, those before a resumed checkpoint included, and of evaluation.
  private var seconds = 0.0
  private var resumed = monotonicSeconds()
  private var trainingEnded: Double?

  init() {}

  /// Goes on where a checkpoint within an epoch left off.
  init(_ state: CheckpointState) {
    loss = state.epochLoss
    correct = state.epochCorrect
    images = state.epochImages
    seconds = state.epochSeconds
  }

  mutating func resumeClock() { resumed = monotonicSeconds() }

  /// A step whose loss is not finite is left out, as its update was.
  mutating func add(_ report: StepReport) {
    rate = report.rate
    guard report.totals.loss.isFinite else { return }
    loss += report.totals.loss
    correct += report.totals.correct
    images += Double(report.images)
  }

  /// Training of the epoch is over; what follows does not count for its speed.
  mutating func pauseSpeed() { trainingEnded = monotonicSeconds() }

  func evaluationSpeed(_ score: Evaluator.Score) -> Float {
    trainingEnded.map { Float(Double(score.seen) / max(1e-9, monotonicSeconds() - $0)) } ?? 0
  }

  func result(_ epoch: Int, score: Evaluator.Score?) -> EpochResult {
    let now = monotonicSeconds()
    let training = seconds + (trainingEnded ?? now) - resumed
    return EpochResult(
      epoch: epoch, loss: Float(loss / max(1, images)), trainAccuracy: correct / max(1, images),
      testAccuracy: score?.accuracy, seconds: Float(seconds + now - resumed),
      imagesPerSecond: Float(images / max(1e-9, training)), learningRate: rate)
  }

  func store(in state: inout CheckpointState) {
    state.epochLoss = loss
    state.epochCorrect = correct
    state.epochImages = images
    state.epochSeconds = images > 0 ? seconds + monotonicSeconds() - resumed : 0
  }
}

/// The steps since the last line of metrics.
struct StepWindow {
  private var started = monotonicSeconds()
  private var images = 0
  private var steps = 0
  private var last: StepReport?
  private var sum = StepTotals.Values()

  mutating func add(_ report: StepReport) {
    images += report.images
    steps += 1
    sum.step += report.totals.step
    sum.data += report.totals.data
    sum.exposed += report.totals.exposed
    sum.wait += report.totals.wait
    last = report
  }

  /// A line of metrics: loss and accuracy of the last step, speed and times as means over the window and the ranks.
  func record(step: Int, epoch: Int) -> MetricsRecord {
    let seconds = max(1e-9, monotonicSeconds() - started)
    let parts = Double(max(1, steps) * (last?.ranks ?? 1))
    return MetricsRecord(
      time: TimeSource.system.utc(), step: step, epoch: epoch, split: .train, loss: Float(last?.loss ?? .nan),
      accuracy: Float(last?.accuracy ?? .nan), learningRate: last?.rate,
      gradientNorm: Float(last?.gradientNorm ?? .nan), imagesPerSecond: Float(Double(images) / seconds),
      phases: MetricsRecord.Phases(
        data: Float(sum.data / parts), compute: Float((sum.step - sum.data - sum.exposed) / parts),
        exposedCommunication: Float(sum.exposed / parts), wait: Float(sum.wait / parts)))
  }
}
