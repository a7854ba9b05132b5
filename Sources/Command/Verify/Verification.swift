import Checkpoints
import Failures
import Foundation
import Telemetry
import Training

/// The same short training in several ways, compared bit by bit.
struct Verification {
  private let settings: TrainingSettings
  private let steps: Int
  private let environment: [String: String]
  private let console: Console
  private let scratch = FileManager.default.temporaryDirectory
    .appendingPathComponent("cnn-dist-verify-\(ProcessInfo.processInfo.processIdentifier)").path

  /// One way to train: on so many ranks, or on some up to the middle, and on others from there.
  private struct Way {
    let name: String
    let ranks: [Int]
  }

  /// What a way led to.
  private struct Outcome {
    let tensors: [(name: String, bits: [UInt32])]
    let observation: Observation.Content
  }

  init(_ settings: TrainingSettings, steps: Int, environment: [String: String], console: Console) {
    var settings = settings
    // An epoch of its own, whose last batch is not whole; every sample is in it once.
    settings.trainLimit =
      settings.trainLimit ?? max(settings.batchSize, steps * settings.batchSize - settings.batchSize / 3)
    settings.epochs = 1
    settings.maxSteps = nil
    settings.evalEvery = 1
    settings.checkpointEvery = nil
    settings.keep = 1
    settings.tensorboard = false
    settings.metricsPort = nil
    settings.trace = nil
    self.settings = settings
    self.steps = steps
    self.environment = environment
    self.console = console
  }

  /// - Throws: `diverged` where anything differs; what training throws.
  func run() throws {
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let ranks = settings.ranks.map { [1, $0] } ?? [1, 2, 4]
    var ways = ranks.map { Way(name: $0 == 1 ? "1 rank" : "\($0) ranks", ranks: [$0]) }
    let (first, second) = (ranks[ranks.count - 1], ranks[ranks.count - 2])
    ways.append(Way(name: "\(second), resumed on \(first)", ranks: [second, first]))
    let batches = (settings.trainLimit! + settings.batchSize - 1) / settings.batchSize
    console.line(
      "verify \(settings.model): \(batches) steps of \(settings.batchSize) images, \(settings.shards) shards")
    let expected = try train(ways[0], steps: batches)
    var table = ComparisonTable(names: expected.tensors.map(\.name))
    var findings = audit(expected.observation, of: ways[0])
    for way in ways.dropFirst() {
      let found = try train(way, steps: batches)
      findings += audit(found.observation, of: way)
      table.add(way.name, found.tensors.map(\.bits), expected: expected.tensors.map(\.bits))
      findings += compare(found.observation, expected.observation, way)
    }
    console.line(table.text)
    let seen = expected.observation.samples.values.reduce(0) { $0 + $1.count }
    let tested = expected.observation.evaluated.first ?? 0
    findings += table.differences
    guard findings.isEmpty else {
      throw Failure(
        .diverged, "runs that should have the same bits differ", at: settings.model,
        advice: "see --shards in 'cnn-dist train --help'", details: findings)
    }
    console.line("losses and gradients of all steps: identical")
    console.line("training: each run saw each of its \(seen) samples exactly once")
    console.line("evaluation: each run counted \(tested) images")
  }

  private func train(_ way: Way, steps batches: Int) throws -> Outcome {
    let observation = Observation()
    let run =
      "\(scratch)/\(way.name.filter { $0.isNumber || $0 == "," }.replacingOccurrences(of: ",", with: "-"))"
    defer { try? FileManager.default.removeItem(atPath: run) }
    console.activity("training on \(way.name)")
    for (index, ranks) in way.ranks.enumerated() {
      var part = settings
      part.run = run
      part.ranks = ranks
      part.resume = index == 0 ? .none : .auto
      if index < way.ranks.count - 1 { part.maxSteps = batches / 2 }
      let quiet = Console(style: ConsoleStyle(environment: environment, isQuiet: true))
      let training = TrainingRun(
        part, environment: environment, console: quiet, version: Version.current,
        command: CommandLine.arguments, observer: observation.observer)
      let runner = try RankRunner(
        ranks: ranks, threads: part.threads, gemm: part.gemm, environment: environment, console: quiet)
      try Exit.with(runner.run { try training.run(on: $0) })
    }
    let checkpoint = try Checkpoint.open(run)
    let readers = [checkpoint.model] + (checkpoint.optimizer.map { [$0] } ?? [])
    return Outcome(
      tensors: try readers.flatMap { reader in
        try reader.header.tensors.filter { $0.type == .float32 }.map { tensor in
          (tensor.name, try reader.floats(tensor.name).map(\.bitPattern))
        }
      }, observation: observation.value)
  }

  /// What a run's own counts say against it.
  private func audit(_ found: Observation.Content, of way: Way) -> [String] {
    var findings: [String] = []
    let samples = found.samples.values.flatMap(\.self)
    let distinct = Set(samples).count
    if distinct != samples.count || samples.count != settings.trainLimit {
      findings.append(
        "\(way.name): \(samples.count) samples were trained on, \(distinct) of them different, of \(settings.trainLimit ?? 0)"
      )
    }
    let wanted = settings.testLimit ?? found.evaluated.first ?? 0
    if found.evaluated.isEmpty || found.evaluated.contains(where: { $0 != wanted }) {
      findings.append("\(way.name): tests counted \(found.evaluated) images, not \(wanted)")
    }
    return findings
  }

  private func compare(
    _ found: Observation.Content, _ expected: Observation.Content, _ way: Way
  ) -> [String] {
    for step in expected.proofs.keys.sorted() {
      guard found.samples[step]?.sorted() == expected.samples[step]?.sorted() else {
        return ["\(way.name): step \(step) has other samples"]
      }
      guard found.proofs[step] == expected.proofs[step] else {
        return ["\(way.name): loss or gradient differ from step \(step) on"]
      }
    }
    return found.evaluated == expected.evaluated ? [] : ["\(way.name): tests counted other numbers of images"]
  }
}
