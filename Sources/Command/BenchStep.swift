import ArgumentParser
import Benchmarks
import Foundation
import InstructionSets
import Layers
import Models
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
      data and without reduction.

      Examples:
        cnn-dist bench step vgg11 --batch-size 8
        cnn-dist bench step lenet --json
      """)

  @Argument(
    help: "The network: \(ModelRegistry.all.map(\.name).joined(separator: ", ")).",
    completion: .list(ModelRegistry.all.map(\.name)))
  var model: String
  @Option(help: ArgumentHelp("Images at once (default: those of the recipe).", valueName: "n"))
  var batchSize: String?
  @Option(help: ArgumentHelp("Pixels a side (default: those of the recipe).", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Measured steps; the median counts.", valueName: "n"))
  var rounds = 10
  @Option(help: ArgumentHelp("Threads that compute.", valueName: "n"))
  var threads = 1
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
    if !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 to 1024") }
  }

  func run() throws {
    let given = ["batch-size": batchSize, "image-size": imageSize]
    let settings = try SettingsResolver.resolve(
      model: model, commandLine: given.compactMapValues { $0 }, environment: [:], file: nil)
    let kernels = try InstructionSets.selected()
    let team = ThreadTeam(count: min(threads, settings.batchSize), name: "lane")
    let result = StepBenchmark(
      try TrainingRun.graph(settings), batch: settings.batchSize, rounds: rounds, kernels: kernels, team: team
    ) { network in
      let optimizer = TeamUpdate(
        TrainingRun.optimizer(settings, network: network, kernels: kernels),
        gradients: network.gradientSources, team: team)
      return { step in
        optimizer.update(network.values, step: step, rate: 1e-4, gradientScale: 1)
      }
    }
    let record = Record(
      model: model, batch: result.batch, threads: team.count, instructionSet: kernels.name,
      seconds: result.median,
      imagesPerSecond: Double(result.batch) / result.median, fastest: result.steps.min() ?? 0,
      slowest: result.steps.max() ?? 0)
    print(json ? try Command.json(record) : record.text)
  }

  private struct Record: Encodable {
    let model: String
    let batch: Int
    let threads: Int
    let instructionSet: String
    let seconds: Double
    let imagesPerSecond: Double
    let fastest: Double
    let slowest: Double

    var text: String {
      String(
        format: "%@, batch %d, %d thread%@, %@: %@, %.2f ms a step (%.2f to %.2f)", model, batch,
        threads, threads == 1 ? "" : "s", instructionSet,
        spokenSpeed(imagesPerSecond), seconds * 1e3,
        fastest * 1e3, slowest * 1e3)
    }
  }
}
