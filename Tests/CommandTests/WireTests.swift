import Foundation
import ProgramRunner
import Telemetry
import Testing

/// `--wire bf16`: gradients in half the bytes, and the same bits on any number of ranks all the same.
@Suite(.serialized) struct WireTests {
  private static let small = [
    "--dataset", "synthetic", "--train-limit", "230", "--test-limit", "11", "--batch-size", "50",
    "--log-every", "1", "--max-steps", "6", "--wire", "bf16",
  ]

  private func train(_ run: String, _ arguments: [String], ranks: Int? = nil) throws {
    let result = try Program.run(["train"] + arguments + ["--run", run], ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
  }

  /// Large linear layers as factors, batch normalisation, dropout, another number of shards, a shared update.
  private static let methods: [[String]] = [
    ["lenet", "--optimizer", "adamw", "--clip-norm", "0.5", "--ema", "0.9"],
    ["alexnet-small", "--image-size", "67", "--max-steps", "3"],
    ["resnet18", "--image-size", "32", "--optimizer", "sgd", "--momentum", "0.9", "--max-steps", "3"],
    ["googlenet", "--image-size", "32", "--max-steps", "3", "--shards", "4"],
  ]

  @Test(arguments: methods)
  func theSameBits(method: [String]) throws {
    let scratch = try ScratchDirectory()
    let arguments = [method[0]] + Self.small + method.dropFirst()
    try train(scratch.file("one"), arguments + ["--threads", "1"])
    for (name, more, ranks) in [
      ("mpi-2", ["--threads", "1"], 2), ("mpi-4", ["--threads", "1"], 4),
      ("mpi-4-shared", ["--threads", "1", "--shard-optimizer"], 4),
      ("mpi-2-threads", ["--threads", "2"], 2), ("mpi-4-late", ["--threads", "1", "--no-overlap"], 4),
      ("threads-4", ["--ranks", "4", "--threads", "1"], nil), ("two", ["--threads", "2"], nil),
    ] as [(String, [String], Int?)] {
      try train(scratch.file(name), arguments + more, ranks: ranks)
      try expectSame(scratch.file(name), scratch.file("one"), "\(name)")
    }
  }

  /// Half the bits, and so other numbers, which are close.
  @Test func roundingIsSeenAndSmall() throws {
    let scratch = try ScratchDirectory()
    let arguments = ["lenet"] + Self.small + ["--threads", "1"]
    try train(scratch.file("bf16"), arguments)
    try train(scratch.file("f32"), arguments + ["--wire", "f32"])
    let (half, whole) = (
      try MetricsReader.read(RunPaths(scratch.file("bf16")).metrics),
      try MetricsReader.read(RunPaths(scratch.file("f32")).metrics)
    )
    #expect(half.count == whole.count && half.count > 4)
    // Nothing is rounded before the first loss; its gradient is.
    #expect(half[0].loss == whole[0].loss && half[0].gradientNorm != whole[0].gradientNorm)
    for (one, other) in zip(half, whole) {
      #expect(abs(one.loss - other.loss) < 0.02 * other.loss, "step \(one.step)")
      guard let norm = one.gradientNorm, let expected = other.gradientNorm else { continue }
      #expect(abs(norm - expected) < 0.05 * expected, "step \(one.step)")
    }
  }

  /// What rounding has left is saved: saved by some ranks, gone on with by others, and back.
  @Test func checkpointsHoldTheResidual() throws {
    let scratch = try ScratchDirectory()
    let arguments =
      ["lenet", "--ema", "0.9"] + Self.small + ["--checkpoint-every", "1", "--keep", "9", "--threads", "1"]
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    try train(whole, arguments)
    for (steps, ranks, more) in [(2, 4, []), (3, 2, ["--shard-optimizer"]), (5, 1, []), (6, 4, [])]
      as [(Int, Int, [String])]
    {
      try train(
        parts, arguments + more + ["--max-steps", "\(steps)", "--resume", steps == 2 ? "none" : "auto"],
        ranks: ranks)
    }
    try expectSame(parts, whole, "in four parts")
    for step in 1...6 {
      for file in ["model.safetensors", "optimizer.safetensors"] {
        let paths = [parts, whole].map { checkpoint(of: $0, step: step) + "/" + file }
        #expect(
          FileManager.default.contentsEqual(atPath: paths[0], andPath: paths[1]), "\(file) of step \(step)")
      }
    }
    let saved = try lastCheckpoint(of: whole).optimizer
    #expect(saved.range(of: Data("residual.0.weight".utf8)) != nil)
    let other = try Program.run(
      ["train"] + arguments + ["--wire", "f32", "--max-steps", "7", "--resume", "auto", "--run", whole])
    expectFailure(other, 78, "other moments", "--wire")
  }

  @Test func aRestartBeginsWithoutAResidual() throws {
    let scratch = try ScratchDirectory()
    let arguments =
      ["lenet"] + Self.small
      + ["--lr", "1e-9", "--dead-steps", "4", "--restart-dead", "1", "--threads", "1"]
    try train(scratch.file("one"), arguments)
    try train(scratch.file("two"), arguments, ranks: 2)
    #expect(try lastState(of: scratch.file("two"))["restarts"] as? Int == 1)
    try expectSame(scratch.file("two"), scratch.file("one"), "with the next seed")
  }

  @Test func verifyProvesIt() throws {
    let result = try Program.run(
      [
        "verify", "lenet", "--train-limit", "500", "--test-limit", "101", "--batch-size", "100", "--wire",
        "bf16",
      ])
    #expect(result.status == 0, "\(result.errors)")
  }

  /// A gradient that is not finite is found, named, and is not carried over.
  @Test func aGradientThatIsNotFinite() throws {
    let scratch = try ScratchDirectory()
    let fault = ["CNN_DIST_FAULT": "nan@gradient,rank=0,step=3"]
    let arguments = ["train", "lenet"] + Self.small + ["--threads", "1", "--on-nonfinite", "skip:1"]
    var runs: [String] = []
    for ranks in [1, 2] {
      runs.append(scratch.file("ranks-\(ranks)"))
      let result = try Program.run(
        arguments + ["--run", runs[ranks - 1]], ranks: ranks, environment: fault)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("the gradient of 0.weight is not finite on rank 0 (step 3"))
      #expect(try lastState(of: runs[ranks - 1])["updates"] as? Int == 5)
    }
    let losses = try runs.map { try MetricsReader.read(RunPaths($0).metrics).map(\.loss) }
    #expect(losses[0].last?.isFinite == true && losses[0] == losses[1])
  }

  /// Where there is no tree nothing can be rounded in its nodes.
  @Test(arguments: [
    (["--ranks", "3"], "3 ranks do not divide 8 shards"),
    (["--shards", "0"], "give --shards, or leave --wire out"),
    (["--accumulate", "2"], "leave --accumulate out, or leave --wire out"),
    (["--ranks", "4", "--shards", "2"], "4 ranks do not divide 2 shards"), (["--wire", "fp16"], "f32, bf16"),
  ])
  func whatCannotBeRounded(options: [String], words: String) throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      ["train", "lenet"] + Self.small + options + ["--run", scratch.file("run")])
    expectFailure(result, options[0] == "--wire" ? 64 : 78, words)
    #expect(!FileManager.default.fileExists(atPath: scratch.file("run")))
  }
}
