import Failures

extension TrainingSettings {
  /// Checks settings that only make sense together, before any work.
  ///
  /// - Throws: `configuration` that names the option and what is allowed.
  package func check(ranks: Int) throws(Failure) {
    try checkData()
    guard batchSize >= ranks else {
      throw Failure(
        .configuration, "a global batch of \(batchSize) leaves some of \(ranks) ranks without a sample",
        at: "--batch-size", advice: "give at least \(ranks)")
    }
    guard accumulate <= batchSize / ranks else {
      throw Failure(
        .configuration, "a rank's \(batchSize / ranks) samples cannot be computed in \(accumulate) pieces",
        at: "--accumulate", advice: "give at most \(batchSize / ranks)")
    }
    try checkWire(batchSize: batchSize, ranks: ranks)
    if nesterov, optimizer != .sgd || momentum == 0 {
      throw Failure(
        .configuration, "Nesterov's form is one of sgd's momentum", at: "--nesterov",
        advice: "give --optimizer sgd and a --momentum above 0, or --no-nesterov")
    }
    if momentum > 0, optimizer == .adam || optimizer == .adamw {
      throw Failure(
        .configuration, "\(optimizer.rawValue) has moments of its own", at: "--momentum",
        advice: "give --momentum 0, or --optimizer sgd")
    }
    if schedule == .oneCycle, warmupEpochs > 0 {
      throw Failure(
        .configuration, "one-cycle has a warm-up of its own", at: "--warmup-epochs",
        advice: "leave it out, or choose another --schedule")
    }
    if optimizer == .lars, decay == .all {
      throw Failure(
        .configuration, "LARS tells by its weight decay which tensors are biases and norms", at: "--decay",
        advice: "give --decay weights")
    }
    if earlyStopping > 0, evalEvery == 0 {
      throw Failure(
        .configuration, "nothing is tested, so that no accuracy can improve", at: "--early-stopping",
        advice: "give --eval-every at least 1")
    }
    if metricsHost != nil, metricsPort == nil {
      throw Failure(
        .configuration, "no metrics are served", at: "--metrics-host", advice: "give --metrics-port too")
    }
    if restartDead > 0, initialWeights != nil {
      throw Failure(
        .configuration, "another seed does not change the weights of --init", at: "--restart-dead",
        advice: "leave one of the two out")
    }
    if restartDead > 0, deadSteps == 0 {
      throw Failure(
        .configuration, "nobody looks whether the start is dead", at: "--restart-dead",
        advice: "give --dead-steps at least 1")
    }
  }

  /// What belongs to one kind of data set alone.
  private func checkData() throws(Failure) {
    if dataset.needsDirectory, data == nil {
      throw Failure(
        .configuration, "nobody said where the data set '\(dataset.rawValue)' is", at: "--data",
        advice: "name its directory")
    }
    if testFraction != nil, dataset != .folder {
      throw Failure(
        .configuration, "only a folder of pictures is split, \(dataset.rawValue) has a test set",
        at: "--test-fraction", advice: "leave it out")
    }
    if dataset.needsDirectory, verify == .strict {
      throw Failure(
        .configuration, "there is no published '\(dataset.rawValue)' to compare with", at: "--verify",
        advice: "leave it out")
    }
  }

  /// Checks against the length of the run, which the data decide too.
  func check(_ run: Schedule, ranks: Int) throws(Failure) {
    guard run.batchSize >= ranks else {
      throw Failure(
        .configuration, "\(run.samples) training samples leave some of \(ranks) ranks without one",
        at: "--train-limit", advice: "give at least \(ranks)")
    }
    try checkWire(batchSize: run.batchSize, ranks: ranks)
  }

  /// Gradients in 16 bits are rounded in the nodes of a tree, so that there has to be one.
  private func checkWire(batchSize: Int, ranks: Int) throws(Failure) {
    guard wire == .bf16 else { return }
    let plan = ShardPlan(self, batchSize: batchSize, ranks: ranks)
    guard !plan.isOrdered else { return }
    let (what, advice) =
      if accumulate > 1 {
        ("gradients that are added up in pieces have no fixed order", "leave --accumulate out")
      } else if shards == 0 {
        ("without shards gradients have no fixed order", "give --shards")
      } else {
        (
          "\(ranks) ranks do not divide \(plan.wanted) \(plan.wanted == 1 ? "shard" : "shards")",
          "let the ranks divide the shards"
        )
      }
    throw Failure(.configuration, what, at: "--wire bf16", advice: "\(advice), or leave --wire out")
  }

  /// What a run of this length does not do, though it was asked for; a longer one, resumed, would.
  func warnings(_ run: Schedule) -> [String] {
    var warnings: [String] = []
    if warmupEpochs * Double(run.stepsPerEpoch) >= Double(run.steps) {
      warnings.append(
        "the rate never reaches --lr: the run's \(run.steps) steps end within --warmup-epochs \(warmupEpochs)"
      )
    }
    if restartDead > 0, deadSteps > run.steps {
      warnings.append(
        "--restart-dead does nothing: the run's \(run.steps) steps end before --dead-steps \(deadSteps), after which "
          + "its start is judged")
    }
    return warnings
  }
}
