import Foundation
import ProgramRunner
import Telemetry
import Testing

/// Training as users start it: processes under mpirun, one process, threads.
@Suite(.serialized) struct TrainTests {
  /// Ranks only change the order of float32 sums.
  static let tolerance: Float = 1e-5

  @Test func everyWayToStartGivesTheSameLosses() throws {
    let scratch = try ScratchDirectory()
    var runs: [String: [Float]] = [:]
    for ranks in [1, 2, 4] {
      let run = scratch.file("mpi-\(ranks)")
      let result = try Program.run(smallTraining(run), ranks: ranks)
      #expect(result.status == 0, "\(result.errors)")
      runs["mpirun -n \(ranks)"] = try losses(of: run)
    }
    for ranks in [1, 3, 4] {
      let run = scratch.file("threads-\(ranks)")
      let result = try Program.run(smallTraining(run, ["--ranks", "\(ranks)"]))
      #expect(result.status == 0, "\(result.errors)")
      runs["--ranks \(ranks)"] = try losses(of: run)
    }
    let single = scratch.file("single")
    #expect(try Program.run(smallTraining(single)).status == 0)
    let expected = try losses(of: single)
    #expect(expected.count == 20)
    #expect(expected[19] < expected[0])
    for (way, found) in runs {
      #expect(found.count == 20, "\(way)")
      for (one, other) in zip(found, expected) { #expect(abs(one - other) < Self.tolerance, "\(way)") }
    }
  }

  /// Dropout follows the sample's position in the global batch, whichever rank holds it.
  @Test func dropoutDoesNotDependOnTheRanks() throws {
    let scratch = try ScratchDirectory()
    let arguments = [
      "train", "alexnet-small", "--image-size", "67", "--dataset", "synthetic", "--train-limit", "240",
      "--test-limit", "10", "--batch-size", "24", "--optimizer", "sgd", "--lr", "0.01", "--max-steps", "6",
      "--eval-every", "0", "--log-every", "1", "--threads", "1", "--run",
    ]
    let (single, threads, processes) = (scratch.file("1"), scratch.file("2"), scratch.file("3"))
    #expect(try Program.run(arguments + [single]).status == 0)
    #expect(try Program.run(arguments + [threads, "--ranks", "2"]).status == 0)
    #expect(try Program.run(arguments + [processes], ranks: 3).status == 0)
    let expected = try losses(of: single)
    #expect(expected.count == 6)
    #expect(try losses(of: threads) == expected)
    // Three ranks add up shards in another order, and roundings of minimal filtering grow over the steps.
    for (one, other) in zip(try losses(of: processes), expected) {
      #expect(abs(one - other) < 10 * Self.tolerance)
    }
  }

  @Test func onlyRankZeroSpeaksAndTheEpochLineIsTheNotebooks() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(
      [
        "train", "lenet-max", "--recipe", "notebook", "--train-limit", "1000", "--test-limit", "301",
        "--epochs", "2",
        "--run", run,
      ], ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
    let epochs = result.outputLines.filter { $0.hasPrefix("epoch ") }
    #expect(epochs.count == 2)
    for (number, line) in epochs.enumerated() {
      let pattern =
        /epoch (\d), loss \d\.\d{4}, train acc \d\.\d{3}, test acc \d\.\d{3}, time \d+\.\d sec/
      let match = try #require(try pattern.wholeMatch(in: line))
      #expect(match.1 == "\(number + 1)")
    }
    #expect(result.outputLines.filter { $0.contains("44,426 parameters") }.count == 1)
    #expect(result.outputLines.contains { $0.contains(run) })
    let results = try ResultsWriter.read(RunPaths(run).results)
    #expect(results.map(\.epoch) == [1, 2])
    let paths = RunPaths(run)
    for path in [
      paths.configuration, paths.environment, paths.status, paths.log(rank: 0), paths.log(rank: 1),
    ] {
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
  }

  /// Counts are integers and nothing is padded: odd sizes on odd ranks, the last batch of 3 samples, end alike.
  @Test(
    "fault 27: 103 and 101 samples, batches of 25, on 2 to 7 ranks → every sample counted once",
    arguments: [(2, false), (3, false), (4, false), (7, false), (3, true), (4, true)])
  func unevenShardsCountEverySampleOnce(ranks: Int, underMPI: Bool) throws {
    let scratch = try ScratchDirectory()
    let arguments = [
      "train", "lenet-max", "--recipe", "notebook", "--train-limit", "103", "--test-limit", "101",
      "--batch-size", "25",
      "--epochs", "1", "--log-every", "1", "--run",
    ]
    let (single, run) = (scratch.file("single"), scratch.file("run"))
    #expect(try Program.run(arguments + [single]).status == 0)
    let result = try Program.run(
      arguments + [run] + (underMPI ? [] : ["--ranks", "\(ranks)"]), ranks: underMPI ? ranks : nil)
    #expect(result.status == 0, "\(result.errors)")
    let row = try #require(try ResultsWriter.read(RunPaths(run).results).first)
    let expected = try #require(try ResultsWriter.read(RunPaths(single).results).first)
    #expect(abs(row.loss - expected.loss) < Self.tolerance)
    #expect(row.trainAccuracy == expected.trainAccuracy && row.testAccuracy == expected.testAccuracy)
    // Five batches of 25, 25, 25, 25 and 3 samples; accuracies are whole numbers of 103 and 101.
    #expect(try losses(of: run).count == 5)
    #expect(abs((row.trainAccuracy * 103).rounded() - row.trainAccuracy * 103) < 1e-3)
    let test = try #require(row.testAccuracy)
    #expect(abs((test * 101).rounded() - test * 101) < 1e-3)
  }

  @Test(
    "fault 4: SIGUSR1 to mpirun in the middle of training → 75, resumed it ends with the same bytes and metrics"
  )
  func aStoppedRunResumesToTheSameBytes() throws {
    let scratch = try ScratchDirectory()
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    let arguments = [
      "train", "lenet-max", "--recipe", "notebook", "--train-limit", "5120", "--test-limit", "100",
      "--batch-size", "32",
      "--epochs", "10", "--log-every", "1", "--dropout", "0.3",
    ]
    #expect(try Program.run(arguments + ["--run", whole], ranks: 2).status == 0)
    let program = try Program(arguments + ["--run", parts], ranks: 2)
    try program.wait { (try? losses(of: parts).count) ?? 0 > 40 }
    program.send(SIGUSR1)
    let stopped = try program.result()
    #expect(stopped.status == 75, "\(stopped.output) \(stopped.errors)")
    #expect(stopped.output.contains("--resume auto"))
    let count = try losses(of: parts).count
    #expect(count < 1600)
    let resumed = try Program.run(arguments + ["--run", parts, "--resume", "auto"], ranks: 2)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("resumed after step"))
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: whole))
    #expect(try losses(of: parts) == losses(of: whole))
    let (one, other) = (
      try ResultsWriter.read(RunPaths(parts).results), try ResultsWriter.read(RunPaths(whole).results)
    )
    #expect(one.map(\.loss) == other.map(\.loss) && one.map(\.testAccuracy) == other.map(\.testAccuracy))
  }

  /// A request to stop that meets the last step of an epoch: here every step is one.
  @Test func aStopAtTheEndOfAnEpochKeepsItsResults() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let arguments = [
      "train", "lenet-max", "--dataset", "synthetic", "--train-limit", "32", "--test-limit", "64",
      "--batch-size", "32",
      "--epochs", "300", "--run", run,
    ]
    let program = try Program(arguments)
    try program.wait { ((try? ResultsWriter.read(RunPaths(run).results)) ?? []).count >= 3 }
    program.send(SIGUSR1)
    let stopped = try program.result()
    #expect(stopped.status == 75, "\(stopped.errors)")
    #expect(try Program.run(arguments + ["--resume", "auto"]).status == 0)
    let rows = try ResultsWriter.read(RunPaths(run).results)
    #expect(rows.map(\.epoch) == Array(1...300))
    #expect(rows.allSatisfy { $0.testAccuracy != nil })
    // Accuracies are whole numbers of 32: no epoch holds another's samples.
    #expect(rows.allSatisfy { ($0.trainAccuracy * 32).rounded() == $0.trainAccuracy * 32 })
  }

  @Test("fault 17: a complete run started again → 0, nothing to do; --epochs 2 goes on in place")
  func aCompleteRunHasNothingToDoAndGoesOnWhenAskedForMore() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let arguments = [
      "train", "lenet", "--dataset", "synthetic", "--train-limit", "512", "--test-limit", "100", "--run", run,
      "--resume", "auto",
    ]
    #expect(try Program.run(arguments + ["--epochs", "1"]).status == 0)
    let again = try Program.run(arguments + ["--epochs", "1"])
    #expect(again.status == 0)
    #expect(again.output.contains("nothing to do: 1/1 epochs"))
    let more = try Program.run(arguments + ["--epochs", "2"])
    #expect(more.status == 0, "\(more.errors)")
    #expect(try ResultsWriter.read(RunPaths(run).results).map(\.epoch) == [1, 2])
  }

  @Test func momentumIsResumedToo() throws {
    let scratch = try ScratchDirectory()
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    func arguments(_ run: String, steps: Int) -> [String] {
      [
        "train", "lenet5", "--dataset", "synthetic", "--train-limit", "640", "--test-limit", "10",
        "--batch-size", "64",
        "--optimizer", "sgd", "--momentum", "0.9", "--lr", "0.05", "--max-steps", "\(steps)", "--run", run,
      ]
    }
    #expect(try Program.run(arguments(whole, steps: 17)).status == 0)
    #expect(try Program.run(arguments(parts, steps: 8)).status == 0)
    #expect(try Program.run(arguments(parts, steps: 17) + ["--resume", "auto"]).status == 0)
    #expect(try lastCheckpoint(of: parts) == lastCheckpoint(of: whole))
  }

  @Test func quietSaysNothing() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(smallTraining(scratch.file("run"), ["--quiet"]))
    #expect(result.status == 0)
    #expect(result.output.isEmpty && result.errors.isEmpty)
  }

  @Test func aForcedBLASKernelIsWarnedAbout() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      smallTraining(scratch.file("run")), environment: ["OPENBLAS_CORETYPE": "Haswell"])
    #expect(result.status == 0)
    #expect(result.ownErrors.filter { $0.contains("OPENBLAS_CORETYPE=Haswell") }.count == 1)
  }

  @Test func aDryRunShowsTheSettingsAndLeavesNothing() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(["train", "vgg11", "--dry-run"], directory: scratch.url)
    #expect(result.status == 0)
    #expect(result.output.contains("model: vgg11") && result.output.contains("128,806,154 parameters"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
  }

  /// The published log of the notebook, widened by 0.02 (PyTorch's own seeds vary by about as much).
  static let bands: [ClosedRange<Double>] = [
    0.566...0.613, 0.630...0.712, 0.690...0.746, 0.717...0.769, 0.731...0.785,
  ]

  /// Seeds beyond the first, and one rank, take minutes: `scripts/test --all` sets CNN_DIST_LONG_TESTS.
  static let longTests = ProcessInfo.processInfo.environment["CNN_DIST_LONG_TESTS"] == "1"
  static let notebookRuns = longTests ? [(1, 4), (2, 4), (3, 4), (1, 1), (2, 1), (3, 1)] : [(1, 2)]

  @Test(arguments: notebookRuns)
  func theNotebookLearnsAsPublished(seed: Int, ranks: Int) throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let result = try Program.run(
      [
        "train", "lenet-max", "--recipe", "notebook", "--epochs", "5", "--batch-size", "256", "--seed",
        "\(seed)",
        "--run", run,
      ], ranks: ranks, seconds: 400)
    #expect(result.status == 0, "\(result.errors)")
    let accuracies = try ResultsWriter.read(RunPaths(run).results).compactMap(\.testAccuracy)
    #expect(accuracies.count == 5)
    for (accuracy, band) in zip(accuracies, Self.bands) { #expect(band.contains(accuracy)) }
  }
}
