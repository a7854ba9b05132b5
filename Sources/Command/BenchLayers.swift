import ArgumentParser
import Benchmarks
import Foundation
import InstructionSets
import Layers
import Models
import Training

/// `cnn-dist bench layers MODEL`.
struct BenchLayers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers", abstract: "Show where the time of a network's step goes.",
    discussion: """
      Times forward and backward of each operator on one thread, and sets them beside the most that one core can do.
      GFLOP/s count the operations of the layer's formula; an algorithm that needs fewer can exceed the peak.

      Examples:
        cnn-dist bench layers vgg11 --batch-size 8
        cnn-dist bench layers resnet18 --json
      """)

  @Argument(
    help: "The network: \(ModelRegistry.all.map(\.name).joined(separator: ", ")).",
    completion: .list(ModelRegistry.all.map(\.name)))
  var model: String
  @Option(help: ArgumentHelp("Images at once (default: those of the recipe).", valueName: "n"))
  var batchSize: String?
  @Option(help: ArgumentHelp("Pixels a side (default: those of the recipe).", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Measured rounds; the median counts.", valueName: "n"))
  var rounds = 5
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
  }

  func run() throws {
    let given = ["batch-size": batchSize, "image-size": imageSize]
    let settings = try SettingsResolver.resolve(
      model: model, commandLine: given.compactMapValues { $0 }, environment: [:], file: nil)
    let kernels = try InstructionSets.selected()
    let graph = try TrainingRun.graph(settings)
    let peak = PeakMeter.operationsPerSecond(kernels)
    let result = LayerBenchmark(graph, batch: settings.batchSize, rounds: rounds, kernels: kernels)
    let record = Record(
      model: model, batch: result.batch, instructionSet: kernels.name, peak: peak, loss: result.loss,
      rows: result.rows)
    print(json ? try Command.json(record) : record.table, terminator: json ? "\n" : "")
  }

  private struct Record: Encodable {
    let model: String
    let batch: Int
    let instructionSet: String
    /// Operations a second.
    let peak: Double
    let loss: Double
    let rows: [LayerBenchmark.Row]

    var table: String {
      var table = TextTable([
        ("layer", .left), ("operator", .left), ("algorithm", .left), ("output", .right),
        ("forward ms", .right), ("GFLOP/s", .right), ("of peak", .right), ("backward ms", .right),
        ("GFLOP/s", .right), ("of peak", .right), ("of step", .right),
      ])
      let step = loss + rows.reduce(0) { $0 + $1.forward + $1.backward }
      for row in rows {
        table.append(
          [row.name, row.kind, row.algorithm, row.output]
            + cells(row.forward, row.forwardOperations) + cells(row.backward, row.backwardOperations)
            + [share((row.forward + row.backward) / step)])
      }
      let forward = rows.reduce(0) { $0 + $1.forward }
      let backward = rows.reduce(0) { $0 + $1.backward }
      table.append(
        ["all", "", "", ""] + cells(forward, rows.reduce(0) { $0 + $1.forwardOperations })
          + cells(backward, rows.reduce(0) { $0 + $1.backwardOperations }) + [
            share((forward + backward) / step)
          ])
      let speed = Double(batch) / step
      return table.text + """

        \(model), batch \(batch), one thread, \(instructionSet): \(String(format: "%.1f", speed)) images/s, \
        step \(milliseconds(step)) ms, loss \(milliseconds(loss)) ms; \
        peak \(String(format: "%.0f", peak / 1e9)) GFLOP/s

        """
    }

    private func cells(_ seconds: Double, _ operations: Double) -> [String] {
      guard operations > 0 else { return [milliseconds(seconds), "", ""] }
      let rate = operations / seconds
      return [milliseconds(seconds), String(format: "%.0f", rate / 1e9), share(rate / peak)]
    }

    private func milliseconds(_ seconds: Double) -> String { String(format: "%.3f", seconds * 1e3) }
    private func share(_ part: Double) -> String { String(format: "%.1f %%", part * 100) }
  }
}
