import Checkpoints
import Failures
import Layers
import Telemetry

/// Where the coordinator starts a run: with fresh weights, weights from a file, or a checkpoint.
struct Start {
  let store: CheckpointStore
  let state: CheckpointState
  /// What a user should know about how the run goes on; nothing where it begins.
  let notes: [String]

  init(
    _ settings: TrainingSettings, identity: Identity, directory: RunDirectory, replica: Replica,
    fault: CheckpointFault?, console: Console
  ) throws(Failure) {
    let (place, keep) = (directory.paths.checkpoints, settings.keep)
    if let fault {
      store = try CheckpointStore(place, keep: keep, lock: directory.lock, observe: fault.observer)
    } else {
      store = try CheckpointStore(place, keep: keep, lock: directory.lock)
    }
    func resume(_ checkpoint: Checkpoint) throws(Failure) -> (CheckpointState, [String]) {
      let state = try Self.restore(checkpoint, identity, replica, console, override: settings.override)
      return (state, checkpoint.state.map { Self.notes($0, state) } ?? [])
    }
    switch settings.resume {
    case .none:
      guard try store.steps().isEmpty else {
        throw Failure(
          .cannotWrite, "the run directory already holds a run", at: directory.paths.directory,
          advice: "go on with --resume auto, or choose another --run")
      }
    case .auto:
      if let checkpoint = try store.newestValid(report: { console.warning("skipped a checkpoint: \($0)") }) {
        (state, notes) = try resume(checkpoint)
        try store.complete(checkpoint)
        return
      }
      guard try store.steps().isEmpty else {
        throw Failure(
          .badData, "no checkpoint of the run is whole", at: directory.paths.checkpoints,
          advice: "move the directory away to start anew")
      }
    case .path(let path):
      (state, notes) = try resume(try Checkpoint.open(path))
      return
    }
    replica.initialize(settings.initialization, seed: settings.seed)
    if let path = settings.initialWeights {
      try Checkpoint.open(path).model.load(
        into: ParameterTensor.model(of: replica.network), countersOf: replica.network)
      replica.average?.begin(with: replica.network.values)
    }
    (state, notes) = (identity.state, [])
  }

  /// Loads parameters and moments and returns the state to go on from.
  ///
  /// - Throws: `badData` for a damaged checkpoint or another model's, `configuration` where the run would not be the
  ///   same run any more.
  private static func restore(
    _ checkpoint: Checkpoint, _ identity: Identity, _ replica: Replica, _ console: Console, override: Bool
  ) throws(Failure) -> CheckpointState {
    guard let saved = checkpoint.state, let optimizer = checkpoint.optimizer else {
      throw Failure(
        .usage, "these are weights without the state of a run", at: checkpoint.path,
        advice: "start from them with --init instead of --resume")
    }
    let model = ParameterTensor.model(of: replica)
    let fresh = identity.state
    let differences = SettingsDifferences(from: saved, to: fresh)
    if override || saved.model != fresh.model {
      try checkpoint.model.compare(with: model, integers: replica.network.counters)
    }
    if differences.areBinding, !override {
      throw Failure(
        .configuration, "the checkpoint belongs to a run with other settings", at: checkpoint.path,
        advice: "give the run's own, or go on with these by --override", details: differences.table)
    }
    let training = ParameterTensor.training(of: replica)
    do throws(Failure) { try optimizer.compare(with: training) } catch {
      throw Failure(
        .configuration, "the checkpoint was trained with other moments", at: checkpoint.path,
        advice: "give the run's own --optimizer, --momentum, --ema, --wire and --batch-size",
        details: error.details)
    }
    if !differences.isEmpty {
      console.warning("the run goes on with other settings than its checkpoint's", details: differences.table)
    }
    try checkpoint.model.load(into: model, countersOf: replica.network)
    try optimizer.load(into: training)
    return resumed(saved, as: fresh, isAnother: differences.areBinding)
  }

  /// The state of a run that goes on: where it stood, with the settings and the ranks of now.
  private static func resumed(
    _ saved: CheckpointState, as fresh: CheckpointState, isAnother: Bool
  ) -> CheckpointState {
    var state = saved
    state.settings = fresh.settings
    state.dataDigest = fresh.dataDigest
    state.classNames = fresh.classNames
    state.imageSide = fresh.imageSide
    state.batchSize = fresh.batchSize
    state.shards = fresh.shards
    state.worldSize = fresh.worldSize
    state.threads = fresh.threads
    state.instructionSet = fresh.instructionSet
    state.programVersion = fresh.programVersion
    guard isAnother else { return state }
    // Its epochs are counted anew from the step, and what one of them has added up is of other data.
    state.seed = fresh.seed
    state.restarts = nil
    state.startWindow = nil
    (state.epochLoss, state.epochCorrect, state.epochImages, state.epochSeconds) = (0, 0, 0, 0)
    return state
  }

  /// What is said about a run that goes on elsewhere than where it was saved.
  private static func notes(_ saved: CheckpointState, _ now: CheckpointState) -> [String] {
    func ranks(_ count: Int) -> String { count == 1 ? "1 rank" : "\(count) ranks" }
    var notes: [String] = []
    if saved.worldSize != now.worldSize {
      let isExact = now.shards > 0 && now.shards % saved.worldSize == 0 && now.shards % now.worldSize == 0
      notes.append(
        "saved on \(ranks(saved.worldSize)), goes on with \(now.worldSize): "
          + (isExact ? "to the same bits" : "sums are added in another order, so that last bits may differ"))
    }
    if saved.instructionSet != now.instructionSet {
      notes.append("saved with \(saved.instructionSet), goes on with \(now.instructionSet)")
    }
    return notes
  }
}
