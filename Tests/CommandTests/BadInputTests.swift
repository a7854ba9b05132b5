import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Bad input gets one clear line, the right exit code, and nothing lost.
@Suite(.serialized) struct BadInputTests {
  /// One line from rank 0: `cnn-dist: error: <what> (<where>); <what to do>`.
  private func expect(
    _ result: ProgramResult, _ status: Int32, _ parts: String..., location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: location)
    let errors = result.ownErrors.filter { $0.hasPrefix("cnn-dist: error: ") }
    #expect(errors.count == 1, "\(result.errors)", sourceLocation: location)
    for part in parts { #expect(errors.first?.contains(part) == true, "\(errors)", sourceLocation: location) }
  }

  @Test func anUnknownModelSuggestsTheNearest() throws {
    expect(try Program.run(["train", "vgg1"]), 64, "unknown model 'vgg1'", "did you mean 'vgg11'?")
    expect(try Program.run(["train", "vgg1"], ranks: 3), 64, "did you mean 'vgg11'?")
  }

  @Test(arguments: [
    ["--batch-size", "0"], ["--lr", "nan"], ["--epochs", "-1"], ["--max-steps", "1.5"],
    ["--image-size", "many"],
    ["--dropout", "2"], ["--optimizer", "adm"], ["--seed", "-3"], ["--ranks", "0"], ["--classes", "1"],
    ["--schedule", "foo"], ["--schedule", "step:0:0.1"], ["--schedule", "cosine:nan"], ["--augment", "flop"],
    ["--augment", "crop:99"], ["--ema", "1.5"], ["--ema", "1"], ["--warmup-epochs", "-1"],
    ["--warmup-epochs", "inf"], ["--accumulate", "0"], ["--label-smoothing", "1"], ["--mixup", "-1"],
    ["--mixup", "nan"], ["--clip-norm", "-1"], ["--decay", "some"], ["--on-nonfinite", "skip:0"],
    ["--early-stopping", "-1"], ["--restart-dead", "0.5"], ["--dead-steps", "-1"], ["--recipe", "worst"],
  ])
  func nonsenseNumbersNameTheOptionAndWhatIsAllowed(option: [String]) throws {
    // The parser needs `=` for values that begin with a dash.
    let result = try Program.run(["train", "lenet", option.joined(separator: "=")])
    expect(result, 64, option[0], "give ")
  }

  @Test func anUnknownOptionIsAUsageError() throws {
    expect(try Program.run(["train", "lenet", "--bath-size", "3"]), 64, "--bath-size")
    expect(try Program.run(["trian", "lenet"]), 64)
  }

  @Test func anImageTooSmallForTheNetworkSaysTheSmallest() throws {
    expect(
      try Program.run(["train", "vgg11", "--image-size", "8"]), 78, "vgg11 cannot take 8x8 images",
      "MaxPool2d 15", "--image-size", "give at least 32")
  }

  @Test("fault 27: a batch smaller than the number of ranks → 78 before any work")
  func aBatchSmallerThanTheRanks() throws {
    let scratch = try ScratchDirectory()
    for ranks in [nil, 3] as [Int?] {
      let arguments = ["train", "lenet", "--batch-size", "2", "--run", scratch.file("run")]
      let result = try Program.run(arguments + (ranks == nil ? ["--ranks", "3"] : []), ranks: ranks)
      expect(result, 78, "--batch-size", "give at least 3")
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.file("run")))
  }

  /// Numbers that are allowed, but not together.
  @Test func optionsThatContradictEachOther() throws {
    let scratch = try ScratchDirectory()
    let run = ["--run", scratch.file("run")]
    expect(
      try Program.run(["train", "lenet", "--batch-size", "9", "--accumulate", "4"] + run, ranks: 3), 78,
      "--accumulate", "give at most 3")
    expect(
      try Program.run(["train", "lenet", "--early-stopping", "2", "--eval-every", "0"] + run), 78,
      "--early-stopping", "--eval-every")
    for dry in [[], ["--dry-run"]] {
      expect(
        try Program.run(["train", "lenet", "--nesterov"] + dry + run), 78, "--nesterov", "--optimizer sgd")
    }
    expect(
      try Program.run(["train", "lenet", "--restart-dead", "2", "--init", "w.safetensors"] + run), 78,
      "--restart-dead", "--init")
    #expect(!FileManager.default.fileExists(atPath: scratch.file("run")))
  }

  /// Two epochs of two steps.
  @Test func settingsThatDoNotFitTheLengthOfTheRun() throws {
    let scratch = try ScratchDirectory()
    let short = [
      "train", "lenet", "--dataset", "synthetic", "--train-limit", "64", "--test-limit", "8", "--batch-size",
      "32",
      "--epochs", "2", "--run",
    ]
    let cold = try Program.run(short + [scratch.file("cold"), "--warmup-epochs", "2"])
    #expect(cold.status == 0 && cold.errors.contains("the rate never reaches --lr"), "\(cold.errors)")
    let unjudged = try Program.run(short + [scratch.file("unjudged"), "--restart-dead", "1"])
    #expect(
      unjudged.status == 0 && unjudged.errors.contains("--restart-dead does nothing"), "\(unjudged.errors)")
  }

  @Test func ranksAskedForTwice() throws {
    expect(try Program.run(["train", "lenet", "--ranks", "2"], ranks: 2), 78, "--ranks")
  }

  @Test("fault 30: four tasks of Slurm that MPI does not know of → 78, says --mpi=pmix")
  func slurmWithoutMPI() throws {
    expect(
      try Program.run(["train", "lenet"], environment: ["SLURM_NTASKS": "4", "SLURM_PROCID": "0"]), 78,
      "SLURM_NTASKS=4", "--mpi=pmix")
  }

  @Test func fewerClassesThanTheData() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    expect(
      try Program.run(["train", "lenet", "--classes", "5", "--run", scratch.file("other")]), 78, "--classes")
    expect(try Program.run(["evaluate", run, "--classes", "5"]), 78, "--classes", "give at least 10")
  }

  @Test func anUnknownInstructionSet() throws {
    expect(
      try Program.run(["train", "lenet"], ranks: 3, environment: ["CNN_DIST_ISA": "sse9"]), 78, "sse9")
  }

  @Test func missingData() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    expect(
      try Program.run(["train", "lenet", "--data", scratch.file("nowhere"), "--run", run], ranks: 2), 66,
      scratch.file("nowhere"), "apt-get install dataset-fashion-mnist", "cnn-dist data fetch")
  }

  /// A copy of the real data with one file damaged.
  private func damagedData(_ scratch: ScratchDirectory, _ damage: (inout Data) -> Void) throws -> String {
    let directory = scratch.file("data")
    try FileManager.default.copyItem(atPath: "/usr/share/datasets/fashion-mnist", toPath: directory)
    let file = URL(fileURLWithPath: directory).appendingPathComponent("t10k-labels-idx1-ubyte.gz")
    var bytes = try Data(contentsOf: file)
    damage(&bytes)
    try FileManager.default.removeItem(at: file)
    try bytes.write(to: file)
    return directory
  }

  @Test func damagedData() throws {
    for damage in [{ $0 = $0.prefix(1000) }, { $0[3000] ^= 0x10 }] as [(inout Data) -> Void] {
      let scratch = try ScratchDirectory()
      let data = try damagedData(scratch, damage)
      expect(
        try Program.run(["train", "lenet", "--data", data, "--run", scratch.file("run")], ranks: 2), 65,
        "t10k-labels-idx1-ubyte.gz")
    }
  }

  @Test func anUnwritableRunDirectory() throws {
    let scratch = try ScratchDirectory()
    try Data().write(to: URL(fileURLWithPath: scratch.file("file")))
    let started = Date()
    expect(
      try Program.run(["train", "lenet", "--run", scratch.file("file/run")], ranks: 2), 73,
      scratch.file("file"), "--run")
    #expect(Date().timeIntervalSince(started) < 20)
  }

  @Test func aRunDirectoryInUse() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let first = try Program([
      "train", "lenet", "--dataset", "synthetic", "--max-steps", "1000000", "--run", run,
    ])
    try first.wait { FileManager.default.fileExists(atPath: run + "/metrics.jsonl") }
    expect(
      try Program.run(smallTraining(run, ["--resume", "auto"])), 73, "in use by process", "--force-unlock")
    first.send(SIGINT)
    let stopped = try first.result()
    #expect(stopped.status == 75, "\(stopped.errors)")
  }

  @Test func aRunThatIsThereIsNotOverwritten() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    let before = try lastCheckpoint(of: run)
    expect(try Program.run(smallTraining(run)), 73, "--resume auto")
    #expect(try lastCheckpoint(of: run) == before)
  }

  @Test func aDamagedCheckpoint() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run, ["--checkpoint-every", "10"])).status == 0)
    let newest = URL(fileURLWithPath: run + "/checkpoints/step-00000020/model.safetensors")
    let bytes = try Data(contentsOf: newest)

    // Truncated: the explicit path is refused, `auto` falls back to the one before.
    try bytes.prefix(bytes.count - 100).write(to: newest)
    expect(
      try Program.run(smallTraining(run, ["--resume", run + "/checkpoints/step-00000020"])), 65, "truncated")
    let fallback = try Program.run(smallTraining(run, ["--resume", "auto"]))
    #expect(fallback.status == 0, "\(fallback.errors)")
    #expect(fallback.ownErrors.contains { $0.contains("warning") && $0.contains("truncated") })
    #expect(fallback.output.contains("resumed after step 10"))

    // One flipped bit: the tensor is named.
    var flipped = try Data(contentsOf: newest)
    flipped[flipped.count - 5] ^= 4
    try flipped.write(to: newest)
    expect(try Program.run(["evaluate", run + "/checkpoints/step-00000020"]), 65, "11.bias is damaged")
  }

  @Test func weightsOfAnotherModel() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    let weights = run + "/checkpoints/last/model.safetensors"
    let result = try Program.run([
      "train", "lenet5", "--dataset", "synthetic", "--init", weights, "--run", scratch.file("other"),
      "--max-steps", "1",
    ])
    #expect(result.status == 65)
    let lines = result.errors.split(separator: "\n").filter { $0.contains(": expected ") }
    #expect((1...10).contains(lines.count), "\(result.errors)")
    #expect(
      lines.first == "  0.weight: expected F32 [6, 1, 5, 5], found nothing" || lines[0].contains("7.weight"))
    #expect(!FileManager.default.fileExists(atPath: scratch.file("other") + "/checkpoints/last"))
  }

  /// Blocks have names of their own, and running statistics count as tensors.
  @Test func weightsOfAnotherNetworkOfBlocks() throws {
    let scratch = try ScratchDirectory()
    let small = [
      "--dataset", "synthetic", "--image-size", "32", "--batch-size", "4", "--train-limit", "4",
      "--test-limit",
      "4", "--max-steps", "1",
    ]
    let run = scratch.file("run")
    #expect(try Program.run(["train", "densenet", "--run", run] + small, ranks: 2).status == 0)
    let weights = run + "/checkpoints/last/model.safetensors"
    let result = try Program.run(
      ["train", "resnet18", "--init", weights, "--run", scratch.file("other")] + small)
    #expect(result.status == 65)
    #expect(result.errors.contains("tensors differ, of which 10 are listed"), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").filter { $0.contains(": expected ") }.count == 10)
    #expect(!FileManager.default.fileExists(atPath: scratch.file("other") + "/checkpoints/last"))
    // The same weights start the network that they are from.
    let again = try Program.run(
      ["train", "densenet", "--init", weights, "--run", scratch.file("again")] + small)
    #expect(again.status == 0, "\(again.errors)")
  }

  @Test func resumingWithOtherSettingsIsRefused() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    expect(
      try Program.run(smallTraining(run, ["--resume", "auto", "--seed", "7", "--max-steps", "30"])), 78,
      "--seed was 1, is 7")
    for other in [["--ema", "0.9"], ["--optimizer", "sgd"]] {
      let result = try Program.run(
        smallTraining(run, ["--resume", "auto", "--max-steps", "30"] + other))
      #expect(
        result.status == 78 && result.errors.contains("--optimizer, --momentum and --ema"), "\(result.errors)"
      )
    }
  }

  /// Two programs in one job, as two nodes with other settings would be.
  @Test("fault 26: another --seed on one rank → 78, names the option and the rank")
  func ranksThatDisagreeAboutTheRun() throws {
    let scratch = try ScratchDirectory()
    let first = [
      "train", "lenet", "--dataset", "synthetic", "--max-steps", "2", "--run", scratch.file("run"),
    ]
    let result = try Program.run(
      first + ["--seed", "1", ":", "-n", "1", try Program.path("cnn-dist")] + first + ["--seed", "2"],
      ranks: 1)
    expect(result, 78, "--seed differs from rank 0: expected 1, found 2", "rank 1")
  }

  @Test func gradientsThatAreNotFinite() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(
      [
        "train", "alexnet-small", "--image-size", "67", "--dataset", "synthetic", "--train-limit", "64",
        "--batch-size",
        "16", "--optimizer", "sgd", "--lr", "1000", "--max-steps", "50", "--eval-every", "0", "--run", run,
      ], ranks: 2)
    expect(result, 70, "not finite", "step ", "lower --lr")
    let status = try StatusFile(RunPaths(run).status).read()
    #expect(status.state == .failed && status.exitCode == 70)
  }
}
