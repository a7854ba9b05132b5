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

  init(_ settings: TrainingSettings, _ length: Schedule, _ replica: Replica) {
    network = replica.network
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
  func apply(step: Int, number: Int, norm: Double) {
    let scale = clipNorm > 0 ? GradientClipping.scale(norm: norm, limit: clipNorm) : 1
    team.update(network.values, step: number, rate: rate(of: step), gradientScale: scale)
    network.updateStatistics()
    team.updateAverage(from: network.values, step: number)
  }
}
