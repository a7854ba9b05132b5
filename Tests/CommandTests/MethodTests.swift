import Foundation
import ProgramRunner
import Telemetry
import Testing

/// The training methods as users turn them on, alone and together.
@Suite(.serialized) struct MethodTests {
  /// Another order of float32 sums.
  static let tolerance: Float = 2e-5

  /// Everything at once.
  static let everything = [
    "--optimizer", "adamw", "--weight-decay", "0.05", "--schedule", "cosine", "--warmup-epochs", "0.5",
    "--clip-norm", "1", "--ema", "0.9", "--augment", "flip,crop,rotate,brightness,contrast,erase", "--mixup",
    "0.4",
    "--label-smoothing", "0.1",
  ]

  private func train(_ arguments: [String], ranks: Int? = nil) throws {
    let result = try Program.run(arguments, ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
  }

  private func expectEqual(_ one: [Float], _ other: [Float], _ comment: Comment) {
    #expect(one.count == other.count, comment)
    for (a, b) in zip(one, other) { #expect(abs(a - b) < Self.tolerance, comment) }
  }

  /// Batches of 25, 25, 25, 25 and 3 samples; with four pieces on two ranks some pieces of the last are empty.
  @Test(arguments: [(nil, 5), (nil, 25), (2, 4)] as [(Int?, Int)])
  func piecesGiveTheGradientOfTheWhole(ranks: Int?, pieces: Int) throws {
    let scratch = try ScratchDirectory()
    let arguments = [
      "train", "lenet5", "--train-limit", "103", "--test-limit", "100", "--batch-size", "25", "--epochs", "2",
      "--optimizer", "sgd", "--momentum", "0.9", "--lr", "0.05", "--log-every", "1", "--run",
    ]
    let (whole, run) = (scratch.file("whole"), scratch.file("pieces"))
    try train(arguments + [whole])
    try train(arguments + [run, "--accumulate", "\(pieces)"], ranks: ranks)
    let expected = try losses(of: whole)
    #expect(expected.count == 10 && expected[9] < expected[0])
    expectEqual(try losses(of: run), expected, "\(pieces) pieces")
  }

  /// Convolutions by tiles, in blocks and direct, and both kinds of linear layers, beside OpenBLAS's products.
  @Test func productsOfOpenBLASGiveTheSameLosses() throws {
    let scratch = try ScratchDirectory()
    let arguments = [
      "train", "nin", "--image-size", "67", "--dataset", "synthetic", "--train-limit", "32", "--test-limit",
      "8",
      "--batch-size", "8", "--optimizer", "sgd", "--lr", "0.01", "--max-steps", "4", "--log-every", "1",
      "--run",
    ]
    let (own, other) = (scratch.file("own"), scratch.file("openblas"))
    try train(arguments + [own])
    try train(arguments + [other, "--gemm", "openblas"], ranks: 2)
    let expected = try losses(of: own)
    #expect(expected.count == 4)
    for (found, expected) in zip(try losses(of: other), expected) {
      #expect(abs(found - expected) < 1e-3 * expected, "transforms and sums in another order")
    }
    let environment = try String(contentsOfFile: other + "/environment.json", encoding: .utf8)
    #expect(environment.contains("+openblas"))

    let refused = try Program.run(
      arguments + [scratch.file("refused"), "--gemm", "openblas"], environment: ["CNN_DIST_ISA": "reference"])
    #expect(refused.status == 78 && refused.errors.contains("--gemm"), "\(refused.errors)")
  }

  /// Dropout, augmentation and mixup follow the sample, whichever rank or piece holds it.
  @Test func everythingAtOnceDoesNotDependOnTheRanks() throws {
    let scratch = try ScratchDirectory()
    let arguments =
      [
        "train", "alexnet-small", "--image-size", "67", "--dataset", "synthetic", "--train-limit", "60",
        "--test-limit", "30", "--batch-size", "20", "--lr", "0.0001", "--max-steps", "5", "--log-every", "1",
        "--run",
      ] + [scratch.file("single")] + Self.everything
    try train(arguments)
    try train(arguments + ["--run", scratch.file("threads"), "--ranks", "3", "--accumulate", "2"])
    try train(arguments + ["--run", scratch.file("processes")], ranks: 2)
    let expected = try losses(of: scratch.file("single"))
    #expect(expected.count == 5)
    for run in ["threads", "processes"] {
      let found = try losses(of: scratch.file(run))
      expectEqual(Array(found.prefix(1)), Array(expected.prefix(1)), "\(run), before any update")
      // AdamW's first steps are whole ones however small a gradient, so rounding of those near zero shows. Another mask,
      // crop or blend of one sample changes a loss by a hundredth and more.
      #expect(found.count == 5)
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 3e-3, "\(run)") }
    }
  }

  @Test func everythingAtOnceResumesToTheSameBytes() throws {
    let scratch = try ScratchDirectory()
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    let arguments =
      smallTraining(whole, ["--checkpoint-every", "7", "--keep", "9", "--accumulate", "2"]) + Self.everything
    try train(arguments, ranks: 2)
    try train(arguments + ["--run", parts, "--resume", checkpoint(of: whole, step: 7)], ranks: 2)
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: whole))
    #expect(try Array(losses(of: whole).dropFirst(7)) == losses(of: parts))
    #expect(try rates(of: parts) == Array(rates(of: whole).dropFirst(7)))
  }

  /// The average is the model; what is trained lies beside the moments.
  @Test func theAverageIsEvaluatedAndSaved() throws {
    let scratch = try ScratchDirectory()
    let (run, plain) = (scratch.file("run"), scratch.file("plain"))
    try train(smallTraining(run, ["--ema", "0.95", "--lr", "0.01", "--initialization", "xavier"]))
    try train(smallTraining(plain, ["--lr", "0.01", "--initialization", "xavier"]))
    let average = try Weights.model(of: run, step: 20)
    let optimizer = try Weights.optimizer(of: run, step: 20)
    #expect(optimizer.names.filter { $0.hasPrefix("parameters.") }.count == average.names.count)
    // The average changes nothing in what is trained, and is not it.
    let trained = try Weights.model(of: plain, step: 20)
    #expect(Array(optimizer.values.suffix(trained.values.count)) == trained.values)
    #expect(average.values != trained.values)
    let score = try #require(try ResultsWriter.read(RunPaths(run).results).last?.testAccuracy)
    let result = try Program.run(["evaluate", run])
    #expect(result.output.contains("(\(Int((score * 500).rounded())) of 500)"), "\(result.output)")
  }

  private func rates(of run: String) throws -> [Float] {
    try MetricsReader.read(RunPaths(run).metrics).filter { $0.split == .train }.compactMap(\.learningRate)
  }

  @Test func theRateInUseIsRecorded() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    try train(
      smallTraining(
        run, ["--lr", "0.5", "--optimizer", "sgd", "--schedule", "cosine", "--warmup-epochs", "0.5"]))
    // Ten steps an epoch: five of warm-up, then half a cosine over fifteen.
    let warmUp: [Double] = (1...5).map { 0.1 * Double($0) }
    let cosine: [Double] = (0..<15).map { 0.25 * (1 + cos(Double.pi * Double($0) / 15)) }
    let found = try rates(of: run)
    #expect(found.count == 20)
    for (one, other) in zip(found, warmUp + cosine) { #expect(abs(Double(one) - other) < 1e-6) }
    let results = try ResultsWriter.read(RunPaths(run).results)
    #expect(results.map(\.learningRate) == [found[9], found[19]])
  }

  /// With plain SGD at a rate of 1 a step moves the weights by the norm of the clipped gradient.
  @Test func theGradientIsClippedByItsNorm() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    try train(
      smallTraining(
        run,
        [
          "--optimizer", "sgd", "--lr", "1", "--clip-norm", "0.01", "--checkpoint-every", "1", "--max-steps",
          "2",
        ]), ranks: 2)
    let (one, two) = (try Weights.model(of: run, step: 1), try Weights.model(of: run, step: 2))
    let distance = zip(one.values, two.values).map { Double($0 - $1) * Double($0 - $1) }.reduce(0, +)
      .squareRoot()
    let norm = try #require(
      try MetricsReader.read(RunPaths(run).metrics).first { $0.step == 2 }?.gradientNorm)
    #expect(norm > 0.05)
    #expect(abs(distance - 0.01 * Double(norm) / (Double(norm) + 1e-6)) < 2e-5)
  }

  /// A rate too small to change any accuracy: the first epoch stays the best.
  @Test func aRunThatDoesNotImproveEndsEarly() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let arguments = [
      "train", "lenet-max", "--recipe", "notebook", "--train-limit", "512", "--test-limit", "500", "--epochs",
      "9", "--lr", "1e-12", "--early-stopping", "2", "--run", run,
    ]
    let result = try Program.run(arguments, ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("stopped early: no better test accuracy for 2 epochs"))
    let goOn = result.outputLines.first { $0.hasPrefix("go on: ") }
    #expect(
      goOn?.hasSuffix(" --resume auto --early-stopping N") == true && goOn?.contains("--epochs 9") == true)
    #expect(goOn?.components(separatedBy: "--early-stopping").count == 2)
    #expect(try ResultsWriter.read(RunPaths(run).results).map(\.epoch) == [1, 2, 3])
    let again = try Program.run(arguments + ["--resume", "auto"], ranks: 2)
    #expect(again.status == 0 && again.output.contains("nothing to do: 3/9 epochs"), "\(again.output)")
    // Asked for more patience, it goes on.
    let more = try Program.run(arguments + ["--resume", "auto", "--early-stopping", "3"])
    #expect(more.status == 0, "\(more.errors)")
    #expect(try ResultsWriter.read(RunPaths(run).results).map(\.epoch) == [1, 2, 3, 4])
  }

  @Test(arguments: [
    ["--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "--lr", "0.05"],
    ["--optimizer", "lars", "--momentum", "0.9", "--lr", "0.5", "--weight-decay", "0.001"],
    ["--optimizer", "adamw", "--weight-decay", "0.1", "--decay", "all"],
  ])
  func everyOptimizerLearns(options: [String]) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    try train(
      [
        "train", "lenet5", "--train-limit", "2560", "--test-limit", "100", "--batch-size", "64",
        "--max-steps", "40", "--log-every", "1", "--run", run,
      ] + options)
    let found = try losses(of: run)
    #expect(found[39] < 0.75 * found[0], "\(found)")
  }
}
