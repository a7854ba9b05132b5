import Failures
import Files
import Foundation
import Kernels
import Layers
import Optimizers
import Telemetry

/// What a run says and writes down about itself before it begins.
extension TrainingRun {
  /// The operators of the settings' model.
  ///
  /// - Throws: `configuration` where the model cannot take the image size; says the smallest that it takes.
  public static func graph(_ settings: TrainingSettings) throws(Failure) -> Graph {
    try Replica.graph(settings)
  }

  /// The optimizer that `settings` name, for the parameters of a network.
  public static func optimizer(
    _ settings: TrainingSettings, network: Network, kernels: any KernelSet.Type
  ) -> any Optimizer {
    Replica.optimizer(settings, network, kernels)
  }

  /// What a run will cost, as lines of text.
  ///
  /// - Throws: `configuration` where the settings do not fit each other or the model.
  public static func costs(_ settings: TrainingSettings) throws(Failure) -> String {
    try settings.check(ranks: settings.ranks ?? 1)
    let graph = try Replica.graph(settings)
    let parameters = graph.parameters.reduce(0) { $0 + $1.slot.count }
    let checkpoint = Replica.checkpointBytes(graph, settings)
    let moments = Replica.momentBytes(graph, settings)
    // Without an update that is shared every rank has all moments.
    let own = settings.shardOptimizer ? moments / (settings.ranks ?? 1) : moments
    let shards = ShardPlan(settings, batchSize: settings.batchSize, ranks: settings.ranks ?? 1)
    let copies = settings.wire == .f32 ? 1 : shards.own
    let fixed = checkpoint - moments + own + copies * parameters * MemoryLayout<Float>.stride
    return """
      # \(grouped(parameters)) parameters
      # \(spokenBytes(fixed)) a rank for parameters, gradients and moments, besides activations
      # \(spokenBytes(checkpoint)) a checkpoint
      """
  }

  var environmentWarnings: [String] {
    guard let forced = environment["OPENBLAS_CORETYPE"], !forced.isEmpty else { return [] }
    return [
      "OPENBLAS_CORETYPE=\(forced) forces OpenBLAS's kernels for that processor, which may be slower; "
        + "unset it to let OpenBLAS choose"
    ]
  }

  func writeRecords(_ directory: RunDirectory, rank: Rank, hosts: [String]) throws(Failure) {
    try AtomicFile.write(
      SettingsResolver.yaml(settings.withAbsolutePaths), to: directory.paths.configuration, code: .cannotWrite
    )
    try EnvironmentRecord(
      version: version, command: command, directory: FileManager.default.currentDirectoryPath,
      started: TimeSource.utcText(TimeSource.system.utc()), ranks: rank.count, hosts: hosts,
      threadsPerRank: rank.threads,
      instructionSet: rank.kernels.name, blas: "\(BLAS.configuration) \(BLAS.kernelName)", mpi: rank.mpi,
      variables: EnvironmentRecord.relevant(environment)
    ).write(to: directory.paths.environment)
  }

  /// The first line of a run: what is about to happen.
  func announce(
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

  func announceNothingToDo(_ standing: Standing, _ schedule: Schedule) {
    let epochs = standing.step / schedule.stepsPerEpoch
    let reason =
      standing.step < schedule.steps
      ? ", no better test accuracy for \(settings.earlyStopping)" : ""
    console.line("nothing to do: \(epochs)/\(schedule.epochs) epochs\(reason)")
  }
}
