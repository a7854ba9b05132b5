import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Batch normalisation in real runs: statistics between ranks, and what a checkpoint keeps of them.
@Suite(.serialized) struct BatchNormTests {
  /// ResNet-18 on images of 32 x 32, about a second for 16 of them.
  private func training(_ run: String, _ more: [String]) -> [String] {
    [
      "train", "resnet18", "--recipe", "notebook", "--dataset", "synthetic", "--image-size", "32",
      "--test-limit", "8", "--eval-every", "0", "--log-every", "1", "--threads", "1", "--run", run,
    ] + more
  }

  private func train(_ arguments: [String], ranks: Int? = nil) throws {
    let result = try Program.run(arguments, ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
  }

  /// Differences of sums of float32 in another order, of numbers around 1, through the network's depth.
  private static let tolerance: Float = 2e-4

  /// Steps that leave the weights alone: the smallest rate moves them by less than they are rounded.
  private static let still = [
    "--no-shuffle", "--optimizer", "sgd", "--lr", "1e-12", "--checkpoint-every", "1", "--keep", "9",
  ]

  /// What each layer found in a step: running = 0.9 running + 0.1 found, solved for it.
  private func found(by run: String, in step: Int) throws -> [(name: String, values: [Float])] {
    let after = try Weights.model(of: run, step: step)
    let before = step > 1 ? try Weights.model(of: run, step: step - 1) : nil
    return after.names.filter { $0.contains(".running_") }.map { name in
      let start: Float = name.hasSuffix("mean") ? 0 : 1
      let values = after[name].enumerated().map { index, value in
        (value - 0.9 * (before?[name][index] ?? start)) / 0.1
      }
      return (name, values)
    }
  }

  private func expectClose(_ one: Float, _ other: Float, _ what: @autoclosure () -> String) {
    guard !(abs(one - other) <= Self.tolerance * max(1, abs(other))) else { return }
    Issue.record("\(what()): \(one), expected \(other)")
  }

  /// Two shards are normalised by themselves, wherever they are computed, and what they found is averaged; one shard sees the same
  /// halves as two batches, one behind the other.
  @Test func statisticsAreTheAverageOfTheShards() throws {
    let scratch = try ScratchDirectory()
    let options = Self.still + ["--train-limit", "16"]
    let halves = scratch.file("halves")
    try train(training(halves, options + ["--batch-size", "8", "--max-steps", "2", "--shards", "1"]))
    let (first, second) = (try found(by: halves, in: 1), try found(by: halves, in: 2))
    let whole = options + ["--batch-size", "16", "--max-steps", "1", "--shards", "2"]
    try train(training(scratch.file("alone"), whole))
    try train(training(scratch.file("mpi"), whole), ranks: 2)
    try train(training(scratch.file("threads"), whole + ["--ranks", "2"]))
    try train(training(scratch.file("pieces"), whole + ["--accumulate", "2"]))
    for run in ["alone", "mpi", "threads", "pieces"] {
      let layers = try found(by: scratch.file(run), in: 1)
      // A mean and a variance of the stem and of each of the two normalisations of eight blocks.
      #expect(layers.count == 2 * (1 + 8 * 2))
      for (index, (name, values)) in layers.enumerated() {
        #expect(values.count >= 64 && first[index].name == name && second[index].name == name)
        for (channel, value) in values.enumerated() {
          let expected = (first[index].values[channel] + second[index].values[channel]) / 2
          expectClose(value, expected, "\(run), \(name)[\(channel)]")
        }
      }
    }
    // The halves differ, so that an average is not just either.
    #expect(zip(first[0].values, second[0].values).contains { abs($0 - $1) > 0.01 })
  }

  /// Weights, moments, running statistics and their average go on as if nothing had happened.
  @Test(arguments: [[], ["--ema", "0.9"]])
  func aRunResumesToTheSameBytes(options: [String]) throws {
    let scratch = try ScratchDirectory()
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    let arguments =
      ["--train-limit", "40", "--batch-size", "16", "--max-steps", "5", "--keep", "9"] + options
    try train(training(whole, arguments + ["--checkpoint-every", "2"]), ranks: 2)
    // Within an epoch of three batches, the last of 8 samples.
    try train(training(parts, arguments + ["--resume", checkpoint(of: whole, step: 2)]), ranks: 2)
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: whole))
    #expect(try losses(of: parts) == Array(losses(of: whole).dropFirst(2)))
    let (early, late) = (try Weights.model(of: whole, step: 2), try Weights.model(of: whole, step: 5))
    for name in late.names where name.contains(".running_") {
      #expect(late[name] != early[name] && late[name].allSatisfy { $0.isFinite })
    }
  }

  /// The second batch has one sample for two ranks: the one without leaves the statistics to the other.
  @Test func aRankWithoutSamplesLeavesTheStatisticsToOthers() throws {
    let scratch = try ScratchDirectory()
    let options = Self.still + ["--train-limit", "9", "--batch-size", "8", "--max-steps", "2"]
    try train(training(scratch.file("one"), options))
    try train(training(scratch.file("two"), options), ranks: 2)
    let layers = zip(try found(by: scratch.file("one"), in: 2), try found(by: scratch.file("two"), in: 2))
    for (one, two) in layers {
      #expect(one.values.count == two.values.count)
      for (expected, value) in zip(one.values, two.values) { expectClose(value, expected, one.name) }
    }
  }
}
