import Collectives
import Datasets
import Failures
import Logging
import Telemetry

/// Training to its end, begun anew with the next seed where the network turns out dead and the settings allow it.
struct Attempts {
  let settings: TrainingSettings
  let schedule: Schedule
  let data: TrainingData
  /// The most samples that this rank has in a batch.
  let share: Int
  let shards: ShardPlan
  let replica: Replica
  let rank: Rank
  let fault: Fault?
  let log: Logger?
  let observer: RunObserver?
  let timeline: Timeline?

  /// - Parameter keeper: makes the keeper of a run that stands somewhere, on the coordinator's rank.
  func run(from standing: Standing, keeper: (Standing) throws(Failure) -> Coordinator?) throws {
    var standing = standing
    while true {
      let coordinator = try rank.together { () throws(Failure) in try keeper(standing) }
      log?.info("training from step \(standing.step) to step \(schedule.steps), seed \(standing.seed)")
      let trainer = Trainer(
        settings, schedule: schedule, data: data, capacity: share, shards: shards, replica: replica,
        standing: standing, rank: rank, fault: fault, coordinator: coordinator, timeline: timeline,
        observer: observer)
      guard try train(trainer, coordinator) == .dead else { break }
      try rank.together { () throws(Failure) in try coordinator?.discard() }
      standing = trainer.standing
      standing.restart()
      replica.initialize(settings.initialization, seed: standing.seed)
      try replica.broadcast()
      let text = "begins anew with seed \(standing.seed), \(standing.restarts) of \(settings.restartDead)"
      coordinator?.warn("the run \(text)")
      log?.warning("\(text)")
    }
    log?.info("completed; this process had \(MachineFacts.peakMemory >> 20) MiB of memory at most")
  }

  private func train(_ trainer: Trainer, _ coordinator: Coordinator?) throws -> Trainer.Ending {
    do {
      return try trainer.run()
    } catch {
      let failure = (error as? Agreed)?.failure ?? error as? Failure
      let step = trainer.standing.step
      log?.error("ended after step \(step): \(failure?.description ?? "\(error)")")
      if let failure, failure.code != .stopped { coordinator?.fail(failure, step: step) }
      throw error
    }
  }
}
