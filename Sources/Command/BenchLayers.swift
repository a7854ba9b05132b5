import ArgumentParser
import Benchmarks
import Foundation
import InstructionSets
import Layers
import Telemetry
import Training

/// `cnn-dist bench layers MODEL`.
struct BenchLayers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers", abstract: "Show where the time of a network's step goes.",
    discussion: """
      Times forward and backward of each operator on one thread, and sets them
      beside the most that one core can do. The share of the peak counts the
      operations of the layer's formula; an algorithm that needs fewer can exceed
      it. Each # is 5 % of the step. With --json also operations and seconds. A
      rank of R has S / R of the shards of train --shards S.

      Examples:
        cnn-dist bench layers vgg11 --batch-size 8
        cnn-dist bench layers resnet18 --batch-size 32 --shards 4
      """)

  @OptionGroup
  var network: BenchModel
  @OptionGroup
  var options: BenchOptions

  func run() throws {
    let settings = try network.settings()
    let kernels = try InstructionSets.selected()
    let graph = try TrainingRun.graph(settings)
    let peak = PeakMeter.operationsPerSecond(kernels)
    let result = LayerBenchmark(
      graph, batch: settings.batchSize, shards: network.shards, rounds: options.rounds, kernels: kernels)
    let record = Record(
      model: settings.model, batch: result.batch, shards: network.shards, instructionSet: kernels.name,
      peak: peak, loss: result.loss, rows: result.rows)
    try options.show(record, table: record.table)
  }

  private struct Record: Encodable {
    let model: String
    let batch: Int
    let shards: Int
    let instructionSet: String
    /// Operations a second.
    let peak: Double
    let loss: Double
    let rows: [LayerBenchmark.Row]

    var table: String {
      var table = TextTable([
        ("layer", .left), ("operator", .left), ("algorithm", .left), ("output", .right),
        ("forward ms", .right), ("of peak", .right), ("backward ms", .right), ("of peak", .right),
        ("of step", .right), ("", .left),
      ])
      let forward = rows.reduce(0) { $0 + $1.forward }
      let backward = rows.reduce(0) { $0 + $1.backward }
      let step = loss + forward + backward
      for row in rows {
        table.append(
          [row.name, row.kind, row.algorithm, row.output] + cells(row.forward, row.forwardOperations)
            + cells(row.backward, row.backwardOperations) + shares((row.forward + row.backward) / step))
      }
      table.append(["", "loss", "", "", milliseconds(loss), "", "", ""] + shares(loss / step))
      table.append(
        ["all", "", "", ""] + cells(forward, rows.reduce(0) { $0 + $1.forwardOperations })
          + cells(backward, rows.reduce(0) { $0 + $1.backwardOperations }) + [share(1), ""])
      return """
        \(model), batch \(batch)\(shards > 1 ? " in \(shards) shards" : ""), one thread, \(instructionSet): \(milliseconds(step)) ms a step, \
        \(spokenSpeed(Double(batch) / step)); peak of a core \(String(format: "%.0f", peak / 1e9)) GFLOP/s

        \(table.text)
        """
    }

    private func cells(_ seconds: Double, _ operations: Double) -> [String] {
      [milliseconds(seconds), operations > 0 ? share(operations / seconds / peak) : ""]
    }

    private func shares(_ part: Double) -> [String] {
      [share(part), String(repeating: "#", count: Int((part * 20).rounded()))]
    }

    private func milliseconds(_ seconds: Double) -> String { String(format: "%.3f", seconds * 1e3) }
    private func share(_ part: Double) -> String { String(format: "%.1f %%", part * 100) }
  }
}
