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
  private let settings: TrainingSettings
  private let environment: [String: String]
  private let console: Console
  private let version: String
  private let command: [String]
  private let data: Once<TrainingData>

  /// - Parameters:
  ///   - console: rank 0's voice.
  ///   - version: this program's, for the records.
  ///   - command: the command line, for the records.
  public init(
    _ settings: TrainingSettings, environment: [String: String], console: Console, version: String,
    command: [String]
  ) {
    self.settings = settings
    self.environment = environment
    self.console = console
    self.version = version
    self.command = command
    data = Once { () throws(Failure) in try TrainingData.load(settings, environment: environment) }
  }

  /// Trains on one rank; a call for all ranks of the job together.
  ///
  /// - Throws: as ``Trainer/run()``; ``Agreed`` where the start fails.
  public func run(on rank: Rank) throws {
    let graph = try rank.together { () throws(Failure) in try plan(for: rank) }
    let directory = try rank.together { () throws(Failure) in
      rank.isCoordinator ? try openDirectory(graph) : nil
    }
    defer { directory?.release() }
    let log = try rank.together { () throws(Failure) in try openLog(rank, in: directory) }
    log?.info(
      "rank \(rank.index) of \(rank.count) on \(rank.communication.hostName), \(rank.threads) threads")
    let data = try rank.together { () throws(Failure) in try self.data.value() }
    if rank.isCoordinator {
      for warning in data.warnings + environmentWarnings { console.warning(warning) }
    }
    let identity = try Identity(settings, graph: graph, data: data, rank: rank, version: version)
    try rank.together { () throws(Failure) in try rank.communication.compareDigests(identity.fields) }

    let schedule = Schedule(
      samples: data.train.count, batchSize: settings.batchSize, epochs: settings.epochs,
      maxSteps: settings.maxSteps)
    guard schedule.batchSize >= rank.count else {
      throw Agreed(
        failure: Failure(
          .configuration,
          "\(data.train.count) training samples leave some of \(rank.count) ranks without one",
          at: "--train-limit", advice: "give at least \(rank.count)"))
    }
    let capacity = Pass.localCapacity(globalBatch: schedule.batchSize, ranks: rank.count)
    let replica = Replica(settings, graph: graph, capacity: capacity, rank: rank)
    let start = try rank.together { () throws(Failure) in
      try directory.map { directory throws(Failure) in
        try Start(settings, identity: identity, directory: directory, replica: replica, console: console)
      }
    }
    try replica.broadcast()
    let step = try broadcast(start?.state.step ?? 0, to: rank)
    guard step < schedule.steps else {
      if rank.isCoordinator {
        let epochs = step / schedule.stepsPerEpoch
        console.line("nothing to do: \(epochs)/\(schedule.epochs) epochs")
      }
      return
    }
    let coordinator = try rank.together { () throws(Failure) in
      guard let directory, let start else { return nil as Coordinator? }
      try writeRecords(directory, rank: rank)
      return try Coordinator(
        settings, schedule: schedule, directory: directory, console: console, replica: replica,
        store: start.store, state: start.state,
        continuation: Continuation(
          command, settings: settings, run: directory.paths.directory,
          ranks: rank.mpi == "none" ? nil : rank.count))
    }
    if rank.isCoordinator { announce(schedule, graph: graph, rank: rank, directory: directory, step: step) }
    log?.info("training from step \(step) to step \(schedule.steps)")
    let trainer = Trainer(
      settings, schedule: schedule, data: data, replica: replica, step: step, rank: rank,
      coordinator: coordinator)
    do {
      try trainer.run()
    } catch {
      let failure = (error as? Agreed)?.failure ?? error as? Failure
      log?.error("ended after step \(trainer.step): \(failure?.description ?? "\(error)")")
      if let failure, failure.code != .stopped { coordinator?.fail(failure, step: trainer.step) }
      throw error
    }
    log?.info("completed")
  }

  /// What a run will cost, as lines of text.
  public static func costs(_ settings: TrainingSettings) throws(Failure) -> String {
    let graph = try Replica.graph(settings)
    let parameters = graph.parameters.reduce(0) { $0 + $1.slot.count }
    let checkpoint = Replica.checkpointBytes(graph, settings)
    let fixed = checkpoint + parameters * MemoryLayout<Float>.stride
    return """
      # \(parameters) parameters
      # \(fixed >> 20) MiB a rank for parameters, gradients and moments, besides activations
      # \(checkpoint >> 20) MiB a checkpoint
      """
  }

  // MARK: Before the start

  /// Checks what needs no data and no files.
  private func plan(for rank: Rank) throws(Failure) -> Graph {
    guard settings.batchSize >= rank.count else {
      throw Failure(
        .configuration,
        "a global batch of \(settings.batchSize) leaves some of \(rank.count) ranks without a sample",
        at: "--batch-size", advice: "give at least \(rank.count)")
    }
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
  private func openLog(_ rank: Rank, in directory: RunDirectory?) throws(Failure) -> Logger? {
    let path = try rank.communication.broadcast(directory?.paths.directory ?? "", from: 0)
    let paths = RunPaths(path)
    guard FileManager.default.fileExists(atPath: paths.logs) else { return nil }
    let file = try LogFile(paths.log(rank: rank.index), rank: rank.index)
    return Logger(label: "cnn-dist") { _ in FileLogHandler(file) }
  }

  private var environmentWarnings: [String] {
    guard let forced = environment["OPENBLAS_CORETYPE"], !forced.isEmpty else { return [] }
    return [
      "OPENBLAS_CORETYPE=\(forced) forces OpenBLAS's kernels for that processor, which may be slower; "
        + "unset it to let OpenBLAS choose"
    ]
  }

  private func broadcast(_ step: Int, to rank: Rank) throws(Failure) -> Int {
    var step = Int64(step)
    var failure: Failure?
    withUnsafeMutableBytes(of: &step) { bytes in
      do throws(Failure) { try rank.communication.broadcast(bytes, from: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return Int(step)
  }

  private func writeRecords(_ directory: RunDirectory, rank: Rank) throws(Failure) {
    try AtomicFile.write(
      SettingsResolver.yaml(settings), to: directory.paths.configuration, code: .cannotWrite)
    try EnvironmentRecord(
      version: version, command: command, started: TimeSource.utcText(TimeSource.system.utc()),
      ranks: rank.count, hosts: [rank.communication.hostName], threadsPerRank: rank.threads,
      instructionSet: rank.kernels.name, blas: "\(BLAS.configuration) \(BLAS.kernelName)", mpi: rank.mpi,
      variables: EnvironmentRecord.relevant(environment)
    ).write(to: directory.paths.environment)
  }

  /// The first line of a run: what is about to happen.
  private func announce(
    _ schedule: Schedule, graph: Graph, rank: Rank, directory: RunDirectory?, step: Int
  ) {
    let parameters = graph.parameters.reduce(0) { $0 + $1.slot.count }
    let ranks = rank.count == 1 ? "1 rank" : "\(rank.count) ranks"
    let threads = rank.threads == 1 ? "1 thread" : "\(rank.threads) threads"
    console.line(
      "\(settings.model): \(parameters.formatted(.number.locale(Locale(identifier: "en_US")))) parameters, "
        + "\(ranks) of \(threads), \(rank.kernels.name), batch \(schedule.batchSize), "
        + "\(schedule.steps) steps, run \(directory?.paths.directory ?? "")")
    if step > 0 { console.line("resumed after step \(step)") }
  }
}
