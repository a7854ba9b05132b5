import Kernels
import Tensors
import Threads

/// An optimizer's update, and that of the weights' average, with every thread of a team on a part of the buffers.
public final class TeamUpdate: TeamWork {
  private let optimizer: any Optimizer
  private let average: WeightAverage?
  private let gradients: [any GradientSource]
  private let team: ThreadTeam
  // What the team is at: written before it begins.
  private var work: Work?

  private enum Work {
    case optimizer(FloatBuffer, step: Int, rate: Float, scale: Float)
    case average(FloatBuffer, step: Int)
  }

  /// - Parameters:
  ///   - average: nil where none is kept.
  ///   - gradients: the same gradients for each thread.
  public init(
    _ optimizer: any Optimizer, average: WeightAverage? = nil, gradients: [any GradientSource],
    team: ThreadTeam
  ) {
    precondition(gradients.count == team.count, "every thread reads the gradients")
    self.optimizer = optimizer
    self.gradients = gradients
    self.average = average
    self.team = team
  }

  /// See ``Optimizer/update(parameters:gradients:step:rate:gradientScale:part:)``.
  public func update(_ parameters: FloatBuffer, step: Int, rate: Float, gradientScale: Float) {
    run(.optimizer(parameters, step: step, rate: rate, scale: gradientScale))
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

  public func run(part index: Int) {
    let part = Part(index, of: team.count)
    switch work {
    case .optimizer(let parameters, let step, let rate, let scale):
      optimizer.update(
        parameters: parameters, gradients: gradients[index], step: step, rate: rate, gradientScale: scale,
        part: part)
    case .average(let weights, let step): average?.update(from: weights, step: step, part: part)
    case nil: break
    }
  }
}
