import ArgumentParser
import Failures
import Foundation
import Telemetry
import Training

/// `cnn-dist predict RUN picture.png...`.
public struct PredictCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Say what is on a picture.",
    discussion: """
      Examples:
        cnn-dist predict runs/lenet-1 shirt.png boot.png
        cnn-dist predict runs/lenet-1 photos/ --top 5 --invert
        cnn-dist predict runs/lenet-1 --index 0 17 42     images of the test set
        cnn-dist predict w.safetensors --model lenet shirt.png --json

      Pictures are PNG files of any size and kind, at most 16,777,216 pixels, or
      directories of them. They are treated as Fashion-MNIST's own were: colour
      becomes grey, the longer side becomes 28 pixels (of own data, its size), the
      rest is black. Fashion-MNIST is light on black. What is transparent counts as
      background: black, or with --invert white before all is inverted.
      """)

  @Argument(help: "A run directory, a checkpoint, or a .safetensors file.")
  var checkpoint: String
  @Argument(help: "PNG files, or directories of them.")
  var pictures: [String] = []
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Images of the test set by number.", valueName: "n"))
  var index: [Int] = []
  @Option(help: ArgumentHelp("How many classes to show.", valueName: "k"))
  var top = 3
  @Flag(help: "The pictures are dark on light: invert them.")
  var invert = false
  @Flag(help: "Print JSON.")
  var json = false
  @Option(
    help: ArgumentHelp(
      "The network, where the checkpoint does not lie in a run directory.", valueName: "name"))
  var model: String?
  @Option(help: ArgumentHelp("Whose test set: fashion-mnist, synthetic, idx or folder.", valueName: "name"))
  var dataset: String?
  @Option(help: ArgumentHelp("Directory of the data files.", valueName: "dir"))
  var data: String?
  @Option(help: ArgumentHelp("Pixels a side that the network sees.", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Outputs of the network.", valueName: "n"))
  var classes: String?

  public init() {}

  public func validate() throws {
    if top < 1 { throw ValidationError("--top must be at least 1") }
    if pictures.isEmpty && index.isEmpty {
      throw ValidationError("nothing to predict: name PNG files, or images of the test set with --index")
    }
  }

  public func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let given: [String: String?] = [
      "dataset": dataset, "data": data, "image-size": imageSize, "classes": classes,
    ]
    let settings = try SettingsResolver.resolve(
      checkpoint: checkpoint, model: model, commandLine: given.compactMapValues { $0 },
      environment: environment)
    let console = Console(style: ConsoleStyle(environment: environment))
    // One rank is enough, also where mpirun started more.
    let runner = try RankRunner(
      ranks: 1, threads: nil, environment: environment.filter { $0.key.hasPrefix("CNN_DIST_") },
      console: console)
    let run = PredictionRun(
      settings, checkpoint: checkpoint, pictures: pictures, indices: index, inverts: invert,
      environment: environment)
    let (top, json, invert) = (top, json, invert)
    let text = PredictionText(model: settings.model, checkpoint: checkpoint, top: top)
    try Exit.with(
      runner.run { rank in
        let result = try run.run(on: rank)
        for prediction in result.predictions where prediction.looksInverted {
          console.warning(Self.warning(prediction, isInverted: invert))
        }
        console.line(json ? try Command.json(text.record(result)) : text.table(result))
      })
  }

  private static func warning(_ prediction: PredictionRun.Prediction, isInverted: Bool) -> String {
    "\(prediction.name) looks inverted: its edges are light\(isInverted ? " now" : ""), "
      + "but Fashion-MNIST is light on black; \(isInverted ? "leave --invert out" : "try --invert")"
  }
}
