import Checkpoints
import Failures
import Layers
import Telemetry

/// Where the coordinator starts a run: with fresh weights, weights from a file, or a checkpoint.
struct Start {
  let store: CheckpointStore
  let state: CheckpointState

  init(
    _ settings: TrainingSettings, identity: Identity, directory: RunDirectory, replica: Replica,
    console: Console
  ) throws(Failure) {
    store = try CheckpointStore(directory.paths.checkpoints, keep: settings.keep)
    switch settings.resume {
    case .none:
      guard try store.steps().isEmpty else {
        throw Failure(
          .cannotWrite, "the run directory already holds a run", at: directory.paths.directory,
          advice: "go on with --resume auto, or choose another --run")
      }
    case .auto:
      if let checkpoint = try store.newestValid(report: { console.warning("skipped a checkpoint: \($0)") }) {
        state = try Self.restore(checkpoint, identity, replica, console)
        return
      }
      guard try store.steps().isEmpty else {
        throw Failure(
          .badData, "no checkpoint of the run is whole", at: directory.paths.checkpoints,
          advice: "move the directory away to start anew")
      }
    case .path(let path):
      state = try Self.restore(try Checkpoint.open(path), identity, replica, console)
      return
    }
    replica.initialize(settings.initialization, seed: settings.seed)
    if let path = settings.initialWeights {
      try Checkpoint.open(path).model.load(
        into: ParameterTensor.model(of: replica.network), countersOf: replica.network)
      replica.average?.begin(with: replica.network.values)
    }
    state = identity.state
  }

  /// Loads parameters and moments and returns the state to go on from.
  ///
  /// - Throws: `badData` for a damaged checkpoint or another model's, `configuration` where the run would not be the
  ///   same run any more.
  private static func restore(
    _ checkpoint: Checkpoint, _ identity: Identity, _ replica: Replica, _ console: Console
  ) throws(Failure) -> CheckpointState {
    guard var state = checkpoint.state, let optimizer = checkpoint.optimizer else {
      throw Failure(
        .usage, "these are weights without the state of a run", at: checkpoint.path,
        advice: "start from them with --init instead of --resume")
    }
    let model = ParameterTensor.model(of: replica)
    try checkpoint.model.compare(with: model, integers: replica.network.counters)
    let fresh = identity.state
    let firstSeed = state.seed &- UInt64(state.restarts ?? 0)
    let differences: [(name: String, was: String, is: String)] = [
      ("model", state.model, fresh.model),
      ("--seed", "\(firstSeed)", "\(fresh.seed)"),
      ("--batch-size", "\(state.batchSize)", "\(fresh.batchSize)"),
      ("data", String(state.dataDigest.prefix(12)), String(fresh.dataDigest.prefix(12))),
    ].filter { $0.was != $0.is }
    guard differences.isEmpty else {
      let list = differences.map { "\($0.name) was \($0.was), is \($0.is)" }.joined(separator: ", ")
      throw Failure(
        .configuration, "the checkpoint belongs to another run: \(list)", at: checkpoint.path,
        advice: "give the run's own settings, or start anew")
    }
    if state.optionsDigest != fresh.optionsDigest {
      console.warning(
        "the settings are not those of the checkpoint (with a schedule that ends with the run, its length is one "
          + "of them); the run goes on with the new ones")
    }
    let training = ParameterTensor.training(of: replica)
    do throws(Failure) { try optimizer.compare(with: training) } catch {
      throw Failure(
        .configuration, "the checkpoint was trained with other moments", at: checkpoint.path,
        advice: "give the run's own --optimizer, --momentum and --ema", details: error.details)
    }
    try checkpoint.model.load(into: model, countersOf: replica.network)
    try optimizer.load(into: training)
    state.worldSize = fresh.worldSize
    state.threads = fresh.threads
    state.instructionSet = fresh.instructionSet
    state.programVersion = fresh.programVersion
    state.optionsDigest = fresh.optionsDigest
    return state
  }
}
