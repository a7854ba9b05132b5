#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How the learning rate changes over a run.
///
/// Steps are counted from 1, as everywhere: step s takes the rate that PyTorch's scheduler of the same name has after
/// s - 1 calls of its `step()`. A warm-up of w steps comes in front of all but ``oneCycle``: it takes
/// base s / w in step s, which is `base` in step w, and the schedule then runs over the steps that are left, from
/// its own beginning (as `SequentialLR` does).
public enum LearningRateSchedule: Hashable, Sendable {
  /// The base rate in every step.
  case constant
  /// Multiplies the rate by `factor` every so many epochs, as `StepLR`.
  case step(every: Int, factor: Double)
  /// Half a cosine from the base rate towards `floor` x base (Loshchilov and Hutter, 2017, arXiv:1608.03983), as
  /// `CosineAnnealingLR` over all steps.
  case cosine(floor: Double = 0)
  /// Up from base / 25 to the base rate over the first 30 % of the steps, and down to base / 250,000, both along half
  /// a cosine (Smith and Topin, 2018, arXiv:1708.07120), as `OneCycleLR` with its defaults. The momentum stays as it
  /// is: as `cycle_momentum=False`.
  case oneCycle
  /// (1 - the part of the run that is over)^power, as `PolynomialLR` over all steps.
  case polynomial(power: Double)

  /// Whether a longer run has another rate at the same step.
  public var endsWithRun: Bool {
    switch self {
    case .constant, .step: false
    case .cosine, .oneCycle, .polynomial: true
    }
  }

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - step: from 1.
  ///   - total: steps of the run.
  ///   - base: the rate that the schedule is a part of; its largest.
  ///   - warmUp: steps of linear warm-up; ``oneCycle`` has its own and ignores it.
  ///   - stepsPerEpoch: what ``step(every:factor:)`` counts in.
  public func rate(
    at step: Int, of total: Int, base: Float, warmUp: Int = 0, stepsPerEpoch: Int = 1
  ) -> Float {
    precondition(step > 0 && total > 0 && warmUp >= 0 && stepsPerEpoch > 0, "steps are counted from 1")
    if self == .oneCycle { return Float(Double(base) * Self.oneCycle(step - 1, of: total)) }
    if step <= warmUp { return Float(Double(base) * Double(step) / Double(warmUp)) }
    let (done, length) = (step - warmUp - 1, max(1, total - warmUp))
    return Float(Double(base) * part(after: done, of: length, stepsPerEpoch: stepsPerEpoch))
  }

  /// The part of the base rate after `done` of `length` steps.
  private func part(after done: Int, of length: Int, stepsPerEpoch: Int) -> Double {
    let progress = min(1, Double(done) / Double(length))
    switch self {
    case .constant, .oneCycle: return 1
    case .step(let every, let factor): return pow(factor, Double(done / stepsPerEpoch / every))
    case .cosine(let floor): return Self.cosine(from: 1, to: floor, progress)
    case .polynomial(let power): return pow(1 - progress, power)
    }
  }

  /// The part of the largest rate after `done` of `length` steps of a cycle.
  private static func oneCycle(_ done: Int, of length: Int) -> Double {
    let start = 1.0 / 25
    let top = 0.3 * Double(length) - 1
    let last = Double(length) - 1
    let done = min(Double(done), last)
    if done <= top { return cosine(from: start, to: 1, done / top) }
    return cosine(from: 1, to: start / 1e4, (done - top) / (last - top))
  }

  /// Half a cosine between two numbers.
  private static func cosine(from start: Double, to end: Double, _ progress: Double) -> Double {
    end + (start - end) / 2 * (1 + cos(Double.pi * progress))
  }
}

extension LearningRateSchedule: LosslessStringConvertible {
  /// What ``init(_:)`` takes, for messages.
  public static let allowed =
    "constant, step:EPOCHS:FACTOR, cosine, cosine:FLOOR, one-cycle or polynomial:POWER, as in step:30:0.1"

  /// Reads what ``description`` writes; nil where the text is something else, or a number makes no sense.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().map { Double($0) ?? .nan }
    switch (parts[0], numbers.count) {
    case ("constant", 0): self = .constant
    case ("cosine", 0): self = .cosine()
    case ("one-cycle", 0): self = .oneCycle
    case ("cosine", 1) where (0...1).contains(numbers[0]): self = .cosine(floor: numbers[0])
    case ("polynomial", 1) where numbers[0] > 0 && numbers[0].isFinite:
      self = .polynomial(power: numbers[0])
    case ("step", 2) where numbers[1] > 0 && numbers[1] <= 1:
      guard let every = Int(parts[1]), every > 0 else { return nil }
      self = .step(every: every, factor: numbers[1])
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .constant: "constant"
    case .step(let every, let factor): "step:\(every):\(factor)"
    case .cosine(let floor): floor == 0 ? "cosine" : "cosine:\(floor)"
    case .oneCycle: "one-cycle"
    case .polynomial(let power): "polynomial:\(power)"
    }
  }
}
