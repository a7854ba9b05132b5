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
    case preparation(FloatBuffer, scale: Float)
    case optimizer(FloatBuffer, step: Int, rate: Float, scale: Float, elements: Range<Int>)
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

  /// Updates everything that the optimizer owns.
  ///
  /// - Parameters:
  ///   - pieces: ranges in which it is done, one after the other; nil for all at once.
  ///   - done: called after each.
  public func update(
    _ parameters: FloatBuffer, step: Int, rate: Float, gradientScale: Float, pieces: [Range<Int>]? = nil,
    done: (_ piece: Int) -> Void = { _ in }
  ) {
    if optimizer.needsPreparation { run(.preparation(parameters, scale: gradientScale)) }
    func update(_ elements: Range<Int>) {
      run(.optimizer(parameters, step: step, rate: rate, scale: gradientScale, elements: elements))
    }
    guard let pieces else { return update(0..<parameters.count) }
    for (index, elements) in pieces.enumerated() {
      if !elements.isEmpty { update(elements) }
      done(index)
    }
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
    case .preparation(let parameters, let scale):
      optimizer.prepare(
        parameters: parameters, gradients: gradients[index], gradientScale: scale, part: part)
    case .optimizer(let parameters, let step, let rate, let scale, let elements):
      optimizer.update(
        parameters: parameters, gradients: gradients[index], step: step, rate: rate, gradientScale: scale,
        elements: part.range(of: elements))
    case .average(let weights, let step): average?.update(from: weights, step: step, part: part)
    case nil: break
    }
  }
}
