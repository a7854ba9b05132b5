import Checkpoints
import Failures
import Foundation
import Telemetry
import Training

/// The step behind a run's newest checkpoint that was followed by one, computed again.
struct Replay {
  let directory: String
  let options: [String: String]
  let environment: [String: String]
  let console: Console

  /// - Throws: `missingInput` where there is nothing to compute again, `diverged` where it differs.
  func run() throws {
    let directory = RunPaths(self.directory).checkpoints
    guard FileManager.default.fileExists(atPath: directory) else {
      throw Failure(.missingInput, "no such run", at: self.directory)
    }
    let checkpoints = try CheckpointStore.steps(in: directory).reversed()
      .map { "\(directory)/\(CheckpointStore.name(ofStep: $0))" }
    let proven = checkpoints.lazy.compactMap { path in StepProof(beside: path).map { (path, $0) } }.first
    guard let (checkpoint, proof) = proven else {
      throw Failure(
        .missingInput, "no step was computed behind the run's checkpoints", at: directory,
        advice: "go on with the run, or train with a --keep of 2 and more")
    }
    var given = options
    given["run"] = nil
    var settings = try SettingsResolver.resolve(
      checkpoint: checkpoint, model: nil, commandLine: given, environment: environment)
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("cnn-dist-replay-\(ProcessInfo.processInfo.processIdentifier)").path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    settings.run = scratch
    settings.resume = .path(checkpoint)
    settings.maxSteps = proof.step
    settings.evalEvery = 0
    settings.checkpointEvery = nil
    settings.tensorboard = false
    settings.metricsPort = nil
    settings.trace = nil
    let observation = Observation()
    let quiet = Console(style: ConsoleStyle(environment: environment, isQuiet: true))
    let training = TrainingRun(
      settings, environment: environment, console: quiet, version: Version.current,
      command: CommandLine.arguments, observer: observation.observer)
    let runner = try RankRunner(
      ranks: settings.ranks ?? 1, threads: settings.threads, gemm: settings.gemm, environment: environment,
      console: quiet)
    try Exit.with(runner.run { try training.run(on: $0) })
    guard let found = observation.value.proofs[proof.step] else {
      throw Failure(.internalError, "the step was not computed", at: checkpoint)
    }
    let ranks = settings.ranks ?? 1
    guard found == proof else {
      throw Failure(
        .diverged, "step \(proof.step) computed again differs from what the run computed", at: checkpoint,
        advice: "see what of program, processor or settings is another one",
        details: [
          "loss      \(proof.loss) (\(proof.lossValue ?? .nan)), now \(found.loss) (\(found.lossValue ?? .nan))",
          "gradient  \(proof.gradient), now \(found.gradient)",
        ])
    }
    console.line(
      "step \(proof.step) computed again from \(checkpoint) on \(ranks == 1 ? "1 rank" : "\(ranks) ranks")")
    console.line("loss      \(proof.lossValue ?? .nan)  identical")
    console.line("gradient  \(proof.gradient)  identical")
  }
}
