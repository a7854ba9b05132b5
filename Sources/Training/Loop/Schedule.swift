/// Which steps a run has: `--epochs` or `--max-steps` over a training set.
package struct Schedule: Equatable, Sendable {
  package let samples: Int
  package let batchSize: Int
  /// The last step of the run, from 1.
  package let steps: Int

  package init(samples: Int, batchSize: Int, epochs: Int, maxSteps: Int?) {
    self.samples = samples
    self.batchSize = min(batchSize, samples)
    steps = maxSteps ?? epochs * ((samples + self.batchSize - 1) / self.batchSize)
  }

  /// Global batches in an epoch; the last may be smaller.
  package var stepsPerEpoch: Int { (samples + batchSize - 1) / batchSize }
  /// Epochs that the run begins; `--max-steps` may cut the last.
  package var epochs: Int { (steps + stepsPerEpoch - 1) / stepsPerEpoch }

  /// Whether a step completes its epoch.
  package func endsEpoch(_ step: Int) -> Bool { step % stepsPerEpoch == 0 }
  /// The epoch of a step, from 1.
  package func epoch(of step: Int) -> Int { (step - 1) / stepsPerEpoch + 1 }
}
