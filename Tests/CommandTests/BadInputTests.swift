import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Bad input gets one clear line, the right exit code, and nothing lost.
@Suite(.serialized) struct BadInputTests {
  @Test func anUnknownModelSuggestsTheNearest() throws {
    expectFailure(try Program.run(["train", "vgg1"]), 64, "unknown model 'vgg1'", "did you mean 'vgg11'?")
    expectFailure(try Program.run(["train", "vgg1"], ranks: 3), 64, "did you mean 'vgg11'?")
  }

  @Test(
    "fault 39: nonsense numbers → 64 before any work, names the option and what is allowed",
    arguments: [
      ["--batch-size", "0"], ["--lr", "nan"], ["--epochs", "-1"], ["--max-steps", "1.5"],
      ["--image-size", "many"],
      ["--dropout", "2"], ["--optimizer", "adm"], ["--seed", "-3"], ["--ranks", "0"], ["--classes", "1"],
      ["--schedule", "foo"], ["--schedule", "step:0:0.1"], ["--schedule", "cosine:nan"],
      ["--augment", "flop"],
      ["--augment", "crop:99"], ["--ema", "1.5"], ["--ema", "1"], ["--warmup-epochs", "-1"],
      ["--warmup-epochs", "inf"], ["--accumulate", "0"], ["--label-smoothing", "1"], ["--mixup", "-1"],
      ["--mixup", "nan"], ["--clip-norm", "-1"], ["--decay", "some"], ["--on-nonfinite", "skip:0"],
      ["--early-stopping", "-1"], ["--restart-dead", "0.5"], ["--dead-steps", "-1"], ["--recipe", "worst"],
    ])
  func nonsenseNumbersNameTheOptionAndWhatIsAllowed(option: [String]) throws {
    // The parser needs `=` for values that begin with a dash.
    let result = try Program.run(["train", "lenet", option.joined(separator: "=")])
    expectFailure(result, 64, option[0], "give ")
  }

  @Test func anUnknownOptionIsAUsageError() throws {
    expectFailure(try Program.run(["train", "lenet", "--bath-size", "3"]), 64, "--bath-size")
    expectFailure(try Program.run(["trian", "lenet"]), 64)
  }

  @Test("fault 39: images too small for the network → 78, says the smallest")
  func anImageTooSmallForTheNetworkSaysTheSmallest() throws {
    expectFailure(
      try Program.run(["train", "vgg11", "--image-size", "8"]), 78, "vgg11 cannot take 8x8 images",
      "MaxPool2d 15", "--image-size", "give at least 32")
  }

  @Test("fault 27: a batch smaller than the number of ranks → 78 before any work")
  func aBatchSmallerThanTheRanks() throws {
    let scratch = try ScratchDirectory()
    for ranks in [nil, 3] as [Int?] {
      let arguments = ["train", "lenet", "--batch-size", "2", "--run", scratch.file("run")]
      let result = try Program.run(arguments + (ranks == nil ? ["--ranks", "3"] : []), ranks: ranks)
      expectFailure(result, 78, "--batch-size", "give at least 3")
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.file("run")))
  }

  /// Numbers that are allowed, but not together.
  @Test func optionsThatContradictEachOther() throws {
    let scratch = try ScratchDirectory()
    let run = ["--run", scratch.file("run")]
    expectFailure(
      try Program.run(["train", "lenet", "--batch-size", "9", "--accumulate", "4"] + run, ranks: 3), 78,
      "--accumulate", "give at most 3")
    expectFailure(
      try Program.run(["train", "lenet", "--early-stopping", "2", "--eval-every", "0"] + run), 78,
      "--early-stopping", "--eval-every")
    for dry in [[], ["--dry-run"]] {
      expectFailure(
        try Program.run(["train", "lenet", "--nesterov"] + dry + run), 78, "--nesterov", "--optimizer sgd")
    }
    expectFailure(
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
    expectFailure(try Program.run(["train", "lenet", "--ranks", "2"], ranks: 2), 78, "--ranks")
  }

  @Test("fault 30: four tasks of Slurm that MPI does not know of → 78, says --mpi=pmix")
  func slurmWithoutMPI() throws {
    expectFailure(
      try Program.run(["train", "lenet"], environment: ["SLURM_NTASKS": "4", "SLURM_PROCID": "0"]), 78,
      "SLURM_NTASKS=4", "--mpi=pmix")
  }

  @Test func fewerClassesThanTheData() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    expectFailure(
      try Program.run(["train", "lenet", "--classes", "5", "--run", scratch.file("other")]), 78, "--classes")
    expectFailure(try Program.run(["evaluate", run, "--classes", "5"]), 78, "--classes", "give at least 10")
  }

  @Test func anUnknownInstructionSet() throws {
    expectFailure(
      try Program.run(["train", "lenet"], ranks: 3, environment: ["CNN_DIST_ISA": "sse9"]), 78, "sse9")
  }

  @Test func aRunThatIsThereIsNotOverwritten() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    let before = try lastCheckpoint(of: run)
    expectFailure(try Program.run(smallTraining(run)), 73, "--resume auto")
    #expect(try lastCheckpoint(of: run) == before)
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
    expectFailure(result, 78, "--seed differs from rank 0: expected 1, found 2", "rank 1")
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
    expectFailure(result, 70, "not finite", "step ", "lower --lr")
    let status = try StatusFile(RunPaths(run).status).read()
    #expect(status.state == .failed && status.exitCode == 70)
  }
}
