import Checkpoints
import Collectives
import Datasets
import Failures
import Files
import Foundation
import InstructionSets
import Kernels
import Layers
import Logging
import Models
import Telemetry

/// A training run from its settings to its end, on every rank of the job.
public struct TrainingRun: Sendable {
  let settings: TrainingSettings
  let environment: [String: String]
  let console: Console
  let version: String
  let command: [String]
  private let observer: RunObserver?
  private let data: Once<TrainingData>

  /// - Parameters:
  ///   - console: rank 0's voice.
  ///   - version: this program's, for the records.
  ///   - command: the command line, for the records.
  ///   - observer: sees what is computed; nil for nobody.
  public init(
    _ settings: TrainingSettings, environment: [String: String], console: Console, version: String,
    command: [String], observer: RunObserver? = nil
  ) {
    self.settings = settings
    self.environment = environment
    self.console = console
    self.version = version
    self.command = command
    self.observer = observer
    data = Once { () throws(Failure) in try TrainingData.load(settings, environment: environment) }
  }

  /// Trains on one rank; a call for all ranks of the job together.
  ///
  /// - Throws: as `Trainer.run()`; ``Agreed`` where the start fails.
  public func run(on rank: Rank) throws {
    let fault = try rank.together { () throws(Failure) in try Fault(environment, rank: rank.index) }
    let graph = try rank.together { () throws(Failure) in try plan(for: rank) }
    let directory = try rank.together { () throws(Failure) in
      rank.isCoordinator ? try openDirectory(graph) : nil
    }
    defer { directory?.release() }
    let path = try rank.communication.broadcast(directory?.paths.directory ?? "", from: 0)
    let log = try rank.together { () throws(Failure) in try openLog(rank, in: path) }
    log?.info(
      "rank \(rank.index) of \(rank.count) on \(rank.communication.hostName), \(rank.threads) threads")
    let hosts = try rank.communication.gatherTexts(rank.communication.hostName)
    let watch = Watch(rank, settings, hosts: hosts, run: path, console: console, log: log)
    defer { watch.stop() }
    let shared = try data(for: rank)
    let data = shared.data
    log?.info("the data set is shared by \(shared.ranks) \(shared.ranks == 1 ? "process" : "processes")")
    let schedule = Schedule(
      samples: data.train.count, batchSize: settings.batchSize, epochs: settings.epochs,
      maxSteps: settings.maxSteps)
    if rank.isCoordinator {
      for warning in data.warnings + shared.warnings + environmentWarnings + settings.warnings(schedule) {
        console.warning(warning)
      }
    }
    let identity = try Identity(
      settings, graph: graph, data: data, schedule: schedule, rank: rank, version: version)
    try rank.together { () throws(Failure) in try rank.communication.compareDigests(identity.fields) }
    try rank.together { () throws(Failure) in try settings.check(schedule, ranks: rank.count) }
    let shards = ShardPlan(
      settings, batchSize: schedule.batchSize, rank: rank.index, ranks: rank.count)
    let share = Pass.localCapacity(globalBatch: schedule.batchSize, ranks: rank.count)
    let replica = Replica(
      settings, graph: graph, capacity: Batch.pieceCapacity(share, pieces: settings.accumulate),
      shards: shards, rank: rank)
    let start = try rank.together { () throws(Failure) in
      try directory.map { directory throws(Failure) in
        try Start(
          settings, identity: identity, directory: directory, replica: replica,
          fault: environment[Fault.variable].flatMap { CheckpointFault($0) }, console: console)
      }
    }
    try replica.broadcastStart()
    let standing = try broadcast(start.map { Standing($0.state) } ?? Standing(seed: 0), to: rank)
    guard standing.step < schedule.steps, !standing.hasStalled(settings, schedule) else {
      if rank.isCoordinator { announceNothingToDo(standing, schedule) }
      return
    }
    if let directory, rank.isCoordinator {
      announce(schedule, graph: graph, rank: rank, directory: directory, step: standing.step)
      for note in (start?.notes ?? []) + shards.notes(threads: rank.threads) { console.line(note) }
    }
    try rank.together { () throws(Failure) in
      if let directory { try writeRecords(directory, rank: rank, hosts: hosts) }
    }
    let attempts = Attempts(
      settings: settings, schedule: schedule, data: data, share: share, shards: shards, replica: replica,
      rank: rank, fault: fault, log: log, observer: observer,
      timeline: try settings.trace.map { try Timeline($0, rank: rank) })
    try attempts.run(from: standing) { (standing) throws(Failure) in
      guard let directory, let start else { return nil }
      // A start that was given up leaves nothing, not even an epoch half done.
      var state = standing.restarts > start.state.restarts ?? 0 ? identity.state : start.state
      standing.store(in: &state)
      return try Coordinator(
        settings, schedule: schedule, directory: directory, console: console, replica: replica,
        store: start.store, state: state,
        continuation: Continuation(
          command, settings: settings, run: directory.paths.directory,
          ranks: rank.mpi == "none" ? nil : rank.count))
    }
  }

  // MARK: Before the start

  /// The data of the run: threads of a process share what the first of them reads, and processes of a machine what one of them reads.
  /// A call for all ranks of the job together.
  public func data(for rank: Rank) throws -> SharedData {
    try SharedData.load(rank, settings: settings, environment: environment) { () throws(Failure) in
      // What processes share is a copy: what was read must not stay.
      rank.mpi == "none" ? try data.value() : try TrainingData.load(settings, environment: environment)
    }
  }

  /// Checks what needs no data and no files.
  private func plan(for rank: Rank) throws(Failure) -> Graph {
    try settings.check(ranks: rank.count)
    return try Replica.graph(settings)
  }

  /// The run directory, with room for two checkpoints: the old one stays until the new one is proven.
  private func openDirectory(_ graph: Graph) throws(Failure) -> RunDirectory {
    let bytes = 2 * Replica.checkpointBytes(graph, settings)
    if let run = settings.run {
      return try RunDirectory.open(run, needing: bytes, force: settings.forceUnlock)
    }
    if settings.resume == .auto, let latest = try RunDirectory.latest(model: settings.model) {
      return try RunDirectory.open(latest, needing: bytes, force: settings.forceUnlock)
    }
    return try RunDirectory.create(model: settings.model, needing: bytes)
  }

  /// Every rank's log lies in the coordinator's run directory, where the ranks share a file system.
  private func openLog(_ rank: Rank, in directory: String) throws(Failure) -> Logger? {
    let paths = RunPaths(directory)
    guard FileManager.default.fileExists(atPath: paths.logs) else { return nil }
    let file = try LogFile(paths.log(rank: rank.index), rank: rank.index)
    return Logger(label: "cnn-dist") { _ in FileLogHandler(file) }
  }

  private func broadcast(_ standing: Standing, to rank: Rank) throws(Failure) -> Standing {
    var standing = standing
    var failure: Failure?
    withUnsafeMutableBytes(of: &standing) { bytes in
      do throws(Failure) { try rank.communication.broadcast(bytes, from: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return standing
  }
}
