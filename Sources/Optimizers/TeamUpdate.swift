import Tensors
import Threads

/// An optimizer's update, and that of the weights' average, with every thread of a team on a part of the buffers.
public final class TeamUpdate: TeamWork {
  private let optimizer: any Optimizer
  private let average: WeightAverage?
  private let team: ThreadTeam
  // What the team is at: written before it begins.
  private var work: Work?

  private enum Work {
    case optimizer(FloatBuffer, FloatBuffer, step: Int, rate: Float, scale: Float)
    case average(FloatBuffer, step: Int)
  }

  /// - Parameter average: nil where none is kept.
  public init(_ optimizer: any Optimizer, average: WeightAverage? = nil, team: ThreadTeam) {
    self.optimizer = optimizer
    self.average = average
    self.team = team
  }

  /// See ``Optimizer/update(parameters:gradients:step:rate:gradientScale:part:)``.
  public func update(
    parameters: FloatBuffer, gradients: FloatBuffer, step: Int, rate: Float, gradientScale: Float
  ) {
    run(.optimizer(parameters, gradients, step: step, rate: rate, scale: gradientScale))
  }

  /// See ``WeightAverage/update(from:step:part:)``.
  public func updateAverage(from weights: FloatBuffer, step: Int) {
    guard average != nil else { return }
    run(.average(weights, step: step))
  }

  private func run(_ work: Work) {
    self.work = work
    team.run(self) { run(part: 0) }
    self.work = nil
  }

  public func run(part: Int) {
    let part = Part(part, of: team.count)
    switch work {
    case .optimizer(let parameters, let gradients, let step, let rate, let scale):
      optimizer.update(
        parameters: parameters, gradients: gradients, step: step, rate: rate, gradientScale: scale, part: part
      )
    case .average(let weights, let step): average?.update(from: weights, step: step, part: part)
    case nil: break
    }
  }
}
