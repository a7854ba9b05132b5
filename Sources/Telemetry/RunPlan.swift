/// What a run has before it, in steps.
public struct RunPlan: Equatable, Sendable {
  public var stepsPerEpoch: Int
  /// The last step of the run.
  public var steps: Int

  public init(stepsPerEpoch: Int, steps: Int) {
    precondition(stepsPerEpoch > 0 && steps >= 0, "a plan has steps")
    self.stepsPerEpoch = stepsPerEpoch
    self.steps = steps
  }

  /// Epochs that are begun; the last may be cut by the number of steps.
  public var epochs: Int { (steps + stepsPerEpoch - 1) / stepsPerEpoch }

  /// The last step of an epoch, counted from 1.
  func end(of epoch: Int) -> Int { min(epoch * stepsPerEpoch, steps) }
}

/// A step that is done, as the console shows it.
public struct StepProgress: Equatable, Sendable {
  /// Updates since the run began, from 1.
  public var step: Int
  /// From 1.
  public var epoch: Int
  public var loss: Float
  public var accuracy: Float
  /// Images in the global batch.
  public var images: Int

  public init(step: Int, epoch: Int, loss: Float, accuracy: Float, images: Int) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.images = images
  }
}
