import ArgumentParser
import Failures
import Foundation
import Telemetry
import Training

/// `cnn-dist evaluate RUN`.
public struct EvaluateCommand: ParsableCommand, RankedCommand {
  public static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score a run or a checkpoint on the test set.",
    discussion: """
      Examples:
        cnn-dist evaluate runs/lenet-1               its newest checkpoint
        cnn-dist evaluate runs/lenet-1/checkpoints/best
        mpirun -n 4 cnn-dist evaluate runs/vgg11-1   on four ranks
        cnn-dist evaluate w.safetensors --model lenet
        cnn-dist evaluate runs/lenet-1 --json        for programs

      Prints loss and accuracy, precision, recall and F1 of every class, and the
      confusion matrix: the same numbers on any number of ranks.
      """)

  @Argument(help: "A run directory, a checkpoint, or a .safetensors file.", completion: .file())
  var checkpoint: String
  @Option(
    help: ArgumentHelp(
      "The network, where the checkpoint does not lie in a run directory.", valueName: "name"))
  var model: String?
  @Option(help: ArgumentHelp("Write every sample's logits as CSV.", valueName: "file.csv"))
  var logits: String?
  @Flag(help: "Print JSON.")
  var json = false
  @Option(help: ArgumentHelp("fashion-mnist, synthetic, idx or folder.", valueName: "name"))
  var dataset: String?
  @Option(help: ArgumentHelp("Directory of the data files.", valueName: "dir"))
  var data: String?
  @Option(help: ArgumentHelp("Test on the first n samples only.", valueName: "n"))
  var testLimit: String?
  @Option(help: ArgumentHelp("Pixels a side.", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Outputs of the network.", valueName: "n"))
  var classes: String?
  @Option(help: ArgumentHelp("Images at once over all ranks.", valueName: "n"))
  var batchSize: String?
  @Option(
    help: ArgumentHelp("Whose matrix products: own, or openblas (slower, for comparison).", valueName: "name")
  )
  var gemm: String?
  @Option(help: ArgumentHelp("Run n ranks as threads of this process, without MPI.", valueName: "n"))
  var ranks: String?
  @Option(help: ArgumentHelp("Threads of each rank.", valueName: "n"))
  var threads: String?

  public init() {}

  var runsOnEveryRank: Bool { true }

  public func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let given: [String: String?] = [
      "dataset": dataset, "data": data, "test-limit": testLimit, "image-size": imageSize, "classes": classes,
      "batch-size": batchSize, "gemm": gemm, "ranks": ranks, "threads": threads,
    ]
    let settings = try SettingsResolver.resolve(
      checkpoint: checkpoint, model: model, commandLine: given.compactMapValues { $0 },
      environment: environment)
    let console = Console(style: ConsoleStyle(environment: environment))
    let runner = try RankRunner(
      ranks: settings.ranks, threads: settings.threads, gemm: settings.gemm, environment: environment,
      console: console)
    let run = EvaluationRun(
      settings, checkpoint: checkpoint, logits: logits, environment: environment, console: console)
    let (checkpoint, logits, json) = (checkpoint, logits, json)
    try Exit.with(
      runner.run { rank in
        try run.run(on: rank) { result in
          let text = EvaluationText(result: result, checkpoint: checkpoint)
          console.line(json ? try Command.json(text.record) : text.text)
          if let logits, !json { console.line("logits in \(logits)") }
        }
      })
  }
}
