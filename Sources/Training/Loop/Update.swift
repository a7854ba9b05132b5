import Collectives
import Failures
import Layers
import Optimizers

/// What becomes of a reduced gradient: clipped, one update of the optimizer at the schedule's rate, then the average.
struct Update {
  private let schedule: LearningRateSchedule
  private let length: Schedule
  private let warmUp: Int
  private let base: Float
  private let clipNorm: Double
  private let network: Network
  private let team: TeamUpdate
  /// This rank's parts of the parameters, and how it gets the others'; nil where it updates everything.
  private let shared: (pieces: [Range<Int>], gather: ParameterGather)?

  init(_ settings: TrainingSettings, _ length: Schedule, _ replica: Replica, thread: CommunicationThread) {
    network = replica.network
    let values = replica.network.values
    shared = replica.shares.map { ($0.own, ParameterGather($0, values: values, thread: thread)) }
    team = TeamUpdate(
      replica.optimizer, average: replica.average, gradients: replica.network.gradientSources,
      team: replica.team)
    schedule = settings.schedule
    self.length = length
    warmUp = Int((settings.warmupEpochs * Double(length.stepsPerEpoch)).rounded())
    base = settings.learningRate
    clipNorm = settings.clipNorm
  }

  /// The learning rate of a step, from 1.
  func rate(of step: Int) -> Float {
    schedule.rate(
      at: step, of: length.steps, base: base, warmUp: warmUp, stepsPerEpoch: length.stepsPerEpoch)
  }

  /// Changes the parameters and the running statistics. Allocates nothing.
  ///
  /// - Parameters:
  ///   - step: from 1.
  ///   - number: the update's own, from 1; less than `step` where updates were left out.
  ///   - norm: of the whole gradient.
  /// - Returns: the seconds of waiting for parameters that other ranks updated.
  func apply(step: Int, number: Int, norm: Double) throws(Failure) -> Double {
    let scale = clipNorm > 0 ? GradientClipping.scale(norm: norm, limit: clipNorm) : 1
    team.update(
      network.values, step: number, rate: rate(of: step), gradientScale: scale, pieces: shared?.pieces,
      done: { shared?.gather.begin($0) })
    network.updateStatistics()
    let waited = try shared?.gather.finish() ?? 0
    team.updateAverage(from: network.values, step: number)
    return waited
  }
}
