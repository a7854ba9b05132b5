import Foundation
import ProgramRunner
import Telemetry
import Testing

/// `--shard-optimizer`: ranks share the update and its moments, and nothing else changes.
@Suite(.serialized) struct ShardOptimizerTests {
  private static let small = [
    "--dataset", "synthetic", "--train-limit", "230", "--test-limit", "11", "--batch-size", "50",
    "--log-every", "1", "--max-steps", "6",
  ]
  private static let shared = ["--shard-optimizer"]

  private func train(_ run: String, _ arguments: [String], ranks: Int? = nil) throws {
    let result = try Program.run(["train"] + arguments + ["--threads", "1", "--run", run], ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
  }

  /// Large linear layers as factors, batch normalisation, norms of tensors and of everything, decay, averages.
  private static let methods: [[String]] = [
    ["lenet", "--optimizer", "adamw", "--weight-decay", "0.1", "--clip-norm", "0.5", "--ema", "0.9"],
    ["vgg11-small", "--image-size", "32", "--optimizer", "lars", "--momentum", "0.9", "--lr", "1"],
    [
      "alexnet-small", "--image-size", "67", "--optimizer", "adamw", "--clip-norm", "0.5", "--max-steps", "3",
    ],
    ["resnet18", "--image-size", "32", "--optimizer", "sgd", "--momentum", "0.9", "--max-steps", "3"],
  ]

  @Test(arguments: methods)
  func theSameBits(method: [String]) throws {
    let scratch = try ScratchDirectory()
    let arguments = [method[0]] + Self.small + method.dropFirst()
    try train(scratch.file("whole"), arguments)
    for ranks in [2, 4] {
      try train(scratch.file("mpi-\(ranks)"), arguments + Self.shared, ranks: ranks)
      try expectSame(scratch.file("mpi-\(ranks)"), scratch.file("whole"), "mpirun -n \(ranks)")
      try train(scratch.file("threads-\(ranks)"), arguments + Self.shared + ["--ranks", "\(ranks)"])
      try expectSame(scratch.file("threads-\(ranks)"), scratch.file("whole"), "--ranks \(ranks)")
    }
  }

  /// Where sums have no fixed order the bits are still those of the same ranks without it.
  @Test(arguments: [
    ["--ranks", "3"], ["--ranks", "4", "--shards", "0"], ["--ranks", "2", "--accumulate", "3"],
  ])
  func theSameBitsWithoutShards(method: [String]) throws {
    let scratch = try ScratchDirectory()
    let arguments = ["lenet"] + Self.small + ["--optimizer", "adamw", "--clip-norm", "0.5"] + method
    try train(scratch.file("whole"), arguments)
    try train(scratch.file("shared"), arguments + Self.shared)
    try expectSame(scratch.file("shared"), scratch.file("whole"), "\(method)")
  }

  /// Saved by sharing ranks, gone on with by others, and back.
  @Test func checkpointsAreTheSame() throws {
    let scratch = try ScratchDirectory()
    let arguments = ["lenet", "--ema", "0.9"] + Self.small + ["--checkpoint-every", "1", "--keep", "9"]
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    try train(whole, arguments)
    for (steps, ranks, more) in [
      (2, 4, Self.shared), (3, 2, []), (5, 2, Self.shared), (6, nil, Self.shared),
    ] as [(Int, Int?, [String])] {
      try train(
        parts, arguments + more + ["--max-steps", "\(steps)", "--resume", steps == 2 ? "none" : "auto"],
        ranks: ranks)
    }
    try expectSame(parts, whole, "in four parts")
    for step in 1...6 {
      let (own, expected) = (checkpoint(of: parts, step: step), checkpoint(of: whole, step: step))
      for file in ["model.safetensors", "optimizer.safetensors"] {
        #expect(
          FileManager.default.contentsEqual(atPath: "\(own)/\(file)", andPath: "\(expected)/\(file)"),
          "\(file) of step \(step)")
      }
    }
    // The proof behind a checkpoint needs every rank's gradient.
    let proof = try Data(contentsOf: URL(fileURLWithPath: checkpoint(of: parts, step: 1) + "/next.json"))
    #expect(
      proof == (try Data(contentsOf: URL(fileURLWithPath: checkpoint(of: whole, step: 1) + "/next.json"))))
  }

  /// A start that is given up leaves no moments.
  @Test func aRestartBeginsWithoutMoments() throws {
    let scratch = try ScratchDirectory()
    // A rate so small that nothing is learned: dead after 4 steps, and again.
    let arguments =
      ["lenet"] + Self.small + ["--lr", "1e-9", "--dead-steps", "4", "--restart-dead", "1"]
    try train(scratch.file("whole"), arguments)
    try train(scratch.file("shared"), arguments + Self.shared, ranks: 2)
    #expect(try lastState(of: scratch.file("shared"))["restarts"] as? Int == 1)
    #expect(try lastCheckpoint(of: scratch.file("shared")) == lastCheckpoint(of: scratch.file("whole")))
  }

  @Test func verifyProvesIt() throws {
    let result = try Program.run(
      ["verify", "lenet", "--train-limit", "500", "--test-limit", "101", "--batch-size", "100"],
      environment: ["CNN_DIST_SHARD_OPTIMIZER": "true"])
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test func aGradientThatIsNotFiniteNamesItsLayer() throws {
    let scratch = try ScratchDirectory()
    let fault = ["CNN_DIST_FAULT": "nan@gradient,rank=1,step=3"]
    let arguments = ["train", "lenet"] + Self.small + Self.shared
    expectFailure(
      try Program.run(arguments + ["--run", scratch.file("stopped")], ranks: 2, environment: fault), 70,
      "the gradient of 0.weight is not finite on rank 1 (step 3")
    let skipped = try Program.run(
      arguments + ["--run", scratch.file("skipped"), "--on-nonfinite", "skip:1"], ranks: 2, environment: fault
    )
    #expect(skipped.status == 0, "\(skipped.errors)")
    #expect(try lastState(of: scratch.file("skipped"))["updates"] as? Int == 5)
  }

  /// TensorBoard's histograms are of all gradients.
  @Test func histogramsAreThoseOfTheWholeGradient() throws {
    let scratch = try ScratchDirectory()
    let arguments = ["lenet"] + Self.small + ["--histogram-every", "3"]
    var lengths: [Int] = []
    for (name, more) in [("whole", []), ("shared", Self.shared)] as [(String, [String])] {
      try train(scratch.file(name), arguments + more, ranks: 4)
      try expectSame(scratch.file(name), scratch.file("whole"), "\(name)")
      let folder = scratch.file(name) + "/tensorboard/train/"
      let events = try FileManager.default.contentsOfDirectory(atPath: folder)
      let path = folder + (try #require(events.first))
      lengths.append(try Data(contentsOf: URL(fileURLWithPath: path)).count)
    }
    // Empty buckets are not written: spreads of other numbers are of another length.
    #expect(lengths[0] == lengths[1])
  }

  /// On four ranks three quarters of the moments, as long as they are in a checkpoint; on the first they come back with its save.
  @Test func aRankNeedsLessMemory() throws {
    let scratch = try ScratchDirectory()
    let arguments = [
      "alexnet", "--image-size", "80", "--dataset", "synthetic", "--train-limit", "64", "--test-limit", "8",
      "--batch-size", "8", "--max-steps", "2", "--optimizer", "adamw", "--eval-every", "0",
    ]
    func peak(_ name: String, _ more: [String]) throws -> Int {
      try train(scratch.file(name), arguments + more, ranks: 4)
      let log = try String(contentsOfFile: RunPaths(scratch.file(name)).log(rank: 3), encoding: .utf8)
      let match = try #require(log.firstMatch(of: /this process had (\d+) MiB/), "\(log)")
      return try #require(Int(match.1))
    }
    let (whole, shared) = (try peak("whole", []), try peak("shared", Self.shared))
    let moments = try lastCheckpoint(of: scratch.file("shared")).optimizer.count >> 20
    // Less a piece of a bucket's size, and pages that are shared.
    #expect(whole - shared > moments * 3 / 4 - 40, "\(whole) and \(shared) of \(moments) MiB")
  }
}
