import ArgumentParser
import Benchmarks
import Foundation
import InstructionSets
import Layers
import Optimizers
import Telemetry
import Threads
import Training

/// `cnn-dist bench step MODEL`.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time whole training steps of one rank.",
    discussion: """
      Forward, loss, backward and the recipe's optimizer on random images, without
      data and without reduction. A rank of R has S / R of the shards of train
      --shards S, and runs operators on large images shard by shard.

      Examples:
        cnn-dist bench step vgg11 --batch-size 8 --shards 4
        cnn-dist bench step lenet --json
      """)

  @OptionGroup
  var network: BenchModel
  @Option(help: ArgumentHelp("Threads that compute.", valueName: "n"))
  var threads = 1
  @OptionGroup
  var options: BenchOptions

  func validate() throws {
    if !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 to 1024") }
    let shards = network.shards
    if shards > 1, shards % threads != 0 { throw ValidationError("--threads must divide --shards") }
  }

  func run() throws {
    let shards = network.shards
    let settings = try network.settings()
    let kernels = try InstructionSets.selected()
    let team = ThreadTeam(count: shards > 1 ? threads : min(threads, settings.batchSize), name: "lane")
    let result = StepBenchmark(
      try TrainingRun.graph(settings), batch: settings.batchSize, shards: shards, rounds: options.rounds,
      kernels: kernels, team: team
    ) { network in
      let optimizer = TeamUpdate(
        TrainingRun.optimizer(settings, network: network, kernels: kernels),
        gradients: network.gradientSources, team: team)
      return { step in
        optimizer.update(network.values, step: step, rate: 1e-4, gradientScale: 1)
      }
    }
    let record = Record(
      model: settings.model, batch: result.batch, shards: shards, threads: team.count,
      instructionSet: kernels.name, seconds: result.median,
      imagesPerSecond: Double(result.batch) / result.median, fastest: result.steps.min() ?? 0,
      slowest: result.steps.max() ?? 0)
    try options.show(record, table: record.text + "\n")
  }

  private struct Record: Encodable {
    let model: String
    let batch: Int
    let shards: Int
    let threads: Int
    let instructionSet: String
    let seconds: Double
    let imagesPerSecond: Double
    let fastest: Double
    let slowest: Double

    var text: String {
      String(
        format: "%@, batch %d%@, %d thread%@, %@: %@, %.2f ms a step (%.2f to %.2f)", model, batch,
        shards == 1 ? "" : " in \(shards) shards", threads, threads == 1 ? "" : "s", instructionSet,
        spokenSpeed(imagesPerSecond), seconds * 1e3,
        fastest * 1e3, slowest * 1e3)
    }
  }
}
