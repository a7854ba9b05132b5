import ArgumentParser
import Exports
import Files
import Layers
import Models
import Telemetry
import Training

/// `cnn-dist summary MODEL`.
public struct SummaryCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "summary", abstract: "Show what a network consists of and costs.",
    discussion: """
      Prints shapes, parameters, mult-adds and sizes as torchinfo does.

      Examples:
        cnn-dist summary vgg11
        cnn-dist summary lenet5 --batch-size 10
        cnn-dist summary densenet --image-size 32 --depth 1
        cnn-dist summary lenet5-1998 --connections   the table of the paper
        cnn-dist summary resnet18 --json
        cnn-dist summary resnet18 --svg resnet18.svg  a picture of it
      """)

  @OptionGroup var network: ModelArgument
  @Option(help: ArgumentHelp("Images at once (default: 1).", valueName: "n"))
  var batchSize: String?
  @Option(
    help: ArgumentHelp("Pixels a side (default: what the network was written for).", valueName: "n"))
  var imageSize: String?
  @Option(
    help: ArgumentHelp("Outputs (default: what the network was written for).", valueName: "n"))
  var classes: String?
  @Option(help: ArgumentHelp("Show the modules within this many blocks.", valueName: "n"))
  var depth = 3
  @Flag(
    help: "Show what each layer connects, for one image: output positions x (connected weights + biases).")
  var connections = false
  @Flag(help: "Print JSON.")
  var json = false
  @Option(help: ArgumentHelp("Draw the network as an SVG picture into a file too.", valueName: "file"))
  var svg: String?

  public init() {}

  public func validate() throws {
    if depth < 0 { throw ValidationError("--depth must be at least 0") }
  }

  public func run() throws {
    let given = ["batch-size": batchSize, "image-size": imageSize, "classes": classes]
    let settings = try SettingsResolver.resolve(
      model: network.model, commandLine: given.compactMapValues { $0 }, environment: [:], file: nil)
    guard let model = ModelRegistry.named(network.model) else { throw unknownModel(network.model) }
    let batchSize = batchSize == nil ? 1 : settings.batchSize
    let summary = Summary(try TrainingRun.graph(settings))
    if let svg { try AtomicFile.write(SVGText.of(try architecture(settings)), to: svg) }
    if json {
      let record = SummaryRecord(summary, of: model, batchSize: batchSize, depth: depth)
      print(try Command.json(record))
    } else if connections {
      print(Self.connections(summary, of: model), terminator: "")
    } else {
      print(SummaryText(summary: summary, batchSize: batchSize, depth: depth).text, terminator: "")
    }
  }

  /// The layers that have parameters, under the paper's names where it has some.
  private static func connections(_ summary: Summary, of model: Model) -> String {
    let layers = summary.rows.filter { $0.ownParameters > 0 }
    var table = TextTable([
      ("layer", .left), ("type", .left), ("output", .right), ("parameters", .right), ("connections", .right),
    ])
    for (index, row) in layers.enumerated() {
      table.append([
        model.layerNames.isEmpty ? row.name : model.layerNames[index], row.kind,
        row.output.map { "\($0)" } ?? "", grouped(row.connectedParameters), grouped(row.connections),
      ])
    }
    table.append([
      "total", "", "", grouped(layers.reduce(0) { $0 + $1.connectedParameters }),
      grouped(layers.reduce(0) { $0 + $1.connections }),
    ])
    return table.text
  }
}
