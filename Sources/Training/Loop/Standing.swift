import Checkpoints

/// Where a run stands: plain numbers, the same on every rank, so that all ranks decide alike.
package struct Standing: Equatable {
  /// Steps done.
  package var step = 0
  /// Updates done: steps less those that were left out.
  package var updates = 0
  /// The seed in use: the settings' own, and one more for every restart.
  package var seed: UInt64
  package var restarts = 0
  /// The best test accuracy so far and the step that reached it; below 0 where nothing was evaluated.
  package var bestAccuracy = -1.0
  package var bestStep = 0
  /// Sums over the steps by which a dead start is told.
  package var start = StartWindow()

  /// Where a checkpoint was saved, or a run begins.
  package init(_ state: CheckpointState) {
    step = state.step
    updates = state.updates
    seed = state.seed
    restarts = state.restarts ?? 0
    bestAccuracy = state.bestAccuracy ?? -1
    bestStep = state.bestStep ?? 0
    start = StartWindow(state.startWindow)
  }

  /// The beginning, for the other ranks to be told where they are.
  package init(seed: UInt64) { self.seed = seed }

  package func store(in state: inout CheckpointState) {
    state.step = step
    state.updates = updates
    state.seed = seed
    state.restarts = restarts == 0 ? nil : restarts
    state.bestAccuracy = bestAccuracy < 0 ? nil : bestAccuracy
    state.bestStep = bestAccuracy < 0 ? nil : bestStep
    state.startWindow = start.numbers
  }

  /// Begins anew with the next seed.
  package mutating func restart() {
    let restarts = restarts + 1
    self = Standing(seed: seed &+ 1)
    self.restarts = restarts
  }

  /// Takes in a test accuracy.
  ///
  /// - Returns: whether it is the best so far.
  package mutating func improves(_ accuracy: Double) -> Bool {
    guard accuracy > bestAccuracy else { return false }
    bestAccuracy = accuracy
    bestStep = step
    return true
  }

  /// Whether the epoch that was just tested is one of so many without a better test accuracy.
  package func hasStalled(_ settings: TrainingSettings, _ schedule: Schedule) -> Bool {
    guard settings.earlyStopping > 0, settings.evalEvery > 0, bestAccuracy >= 0, schedule.endsEpoch(step)
    else { return false }
    let epoch = step / schedule.stepsPerEpoch
    return epoch % settings.evalEvery == 0
      && epoch - bestStep / schedule.stepsPerEpoch >= settings.earlyStopping
  }
}
