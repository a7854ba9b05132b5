/// How fast a run goes and when it will be done.
struct Pace: Sendable {
  private(set) var meter: RateMeter
  private let plan: RunPlan
  private var lastStep: Double
  /// Mean time between the last step of an epoch and its end: evaluation, saving.
  private var epochEnd = 0.0
  private var epochsEnded = 0.0

  init(_ plan: RunPlan, at now: Double) {
    self.plan = plan
    meter = RateMeter(at: now)
    lastStep = now
  }

  mutating func step(images: Int, at now: Double) {
    meter.record(images: images, at: now)
    lastStep = now
  }

  mutating func endEpoch(at now: Double) {
    epochsEnded += 1
    epochEnd += (max(0, now - lastStep) - epochEnd) / epochsEnded
    meter.resume(at: now)
  }

  /// Seconds until the last step of the epoch.
  func epochLeft(after progress: StepProgress) -> Double? {
    meter.secondsPerStep.map { Double(max(0, plan.end(of: progress.epoch) - progress.step)) * $0 }
  }

  /// Seconds until the run ends, with the evaluations before it.
  func runLeft(after progress: StepProgress) -> Double? {
    meter.secondsPerStep.map {
      Double(max(0, plan.steps - progress.step)) * $0 + Double(max(0, plan.epochs - progress.epoch + 1))
        * epochEnd
    }
  }

  /// `, 5230 images/s`, or nothing before the first step.
  var rateText: String {
    guard let rate = meter.imagesPerSecond else { return "" }
    return ", \(fixed(rate, rate < 100 ? 1 : 0)) images/s"
  }

  /// `, 3 min left`, or nothing before the first step.
  func runLeftText(after progress: StepProgress) -> String {
    guard let left = runLeft(after: progress) else { return "" }
    return ", \(spokenDuration(left)) left"
  }

  /// ` (epoch 23 s)`, or nothing before the first step.
  func epochLeftText(after progress: StepProgress) -> String {
    guard let left = epochLeft(after: progress) else { return "" }
    return " (epoch \(spokenDuration(left)))"
  }
}
