import Foundation
import ProgramRunner
import Telemetry
import Testing

/// What the real TensorBoard reads in the event files of a run; `scripts/test` installs it in `.venv-viewers`.
@Suite struct TensorBoardTests {
  private let scratch: ScratchDirectory
  private let run: String

  init() throws {
    scratch = try ScratchDirectory()
    run = scratch.file("run")
  }

  /// One of a run's two runs, as `scripts/viewers/tensorboard_dump.py` prints it.
  struct Curves: Decodable, Equatable {
    let scalars: [String: [[Double]]]
    let histograms: [String: [[Double]]]
    let images: [String: [[Int]]]

    func steps(_ tag: String) -> [Int]? { scalars[tag]?.map { Int($0[0]) } }
    func values(_ tag: String) -> [Float]? { scalars[tag]?.map { Float($0[1]) } }
  }

  static func decoded(_ line: Substring) throws -> [String: Curves] {
    try JSONDecoder().decode([String: Curves].self, from: Data(line.utf8))
  }

  private func reader(_ more: [String] = []) throws -> Program {
    try Program(
      [Program.script("viewers/tensorboard_dump.py"), RunPaths(run).tensorboard] + more,
      program: Viewers.python)
  }

  private func curves() throws -> [String: Curves] {
    let result = try reader().result()
    #expect(result.status == 0, "\(result.errors)")
    return try Self.decoded(try #require(result.outputLines.first))
  }

  @Test(arguments: [nil, 2]) func hasTheNumbersOfTheMetrics(ranks: Int?) throws {
    let training = tinyTraining(run, steps: 8, ["--eval-every", "1", "--histogram-every", "4"])
    #expect(try Program.run(training, ranks: ranks).status == 0)
    let records = try MetricsReader.read(RunPaths(run).metrics)
    let found = try curves()
    for (name, split) in [("train", MetricsRecord.Split.train), ("test", .test)] {
      let (curves, rows) = (try #require(found[name]), records.filter { $0.split == split })
      #expect(curves.steps("loss") == rows.map(\.step) && !rows.isEmpty)
      #expect(curves.values("loss") == rows.map(\.loss))
      #expect(curves.values("accuracy") == rows.map(\.accuracy))
      #expect(curves.values("images_per_s") == rows.map(\.imagesPerSecond))
      #expect(curves.values("lr") == (split == .train ? rows.compactMap(\.learningRate) : nil))
      #expect(curves.values("grad_norm") == (split == .train ? rows.compactMap(\.gradientNorm) : nil))
      #expect(curves.values("step/data") == (split == .train ? rows.compactMap { $0.phases?.data } : nil))
      #expect(
        curves.values("step/compute") == (split == .train ? rows.compactMap { $0.phases?.compute } : nil))
    }
    let train = try #require(found["train"])
    #expect(train.scalars.count == 9 && found["test"]?.scalars.count == 3)
    for kind in ["weights", "gradients"] {
      let filters = try #require(train.histograms["\(kind)/0.weight"])
      // 6 filters of 5 x 5 in the first layer, every 4 steps.
      #expect(filters.map { $0[0] } == [4, 8] && filters.allSatisfy { $0[3] == 150 && $0[4] == 150 })
    }
    #expect(train.histograms.count == 20)
    // Ten rows and columns of 28 pixels and the lines between them, after each epoch.
    #expect(found["test"]?.images.values.map { $0 } == [[[4, 289, 289], [8, 289, 289]]])
  }

  /// Gradients that ranks exchange as factors are nowhere in memory, and shown all the same.
  @Test func showsGradientsOfLargeLayers() throws {
    let training = [
      "train", "alexnet-small", "--dataset", "synthetic", "--train-limit", "8", "--test-limit", "8",
      "--image-size", "67", "--batch-size", "8", "--max-steps", "1", "--eval-every", "0", "--log-every", "1",
      "--histogram-every", "1", "--run", run,
    ]
    #expect(try Program.run(training, ranks: 2).status == 0)
    let train = try #require(try curves()["train"])
    let gradients = train.histograms.filter { $0.key.hasPrefix("gradients/") }
    let squares = try #require(train.values("grad_norm")?.first)
    #expect(gradients.count * 2 == train.histograms.count && squares > 0)
    for (name, steps) in gradients {
      #expect(steps.count == 1 && steps[0][1] < steps[0][2] && steps[0][3] == steps[0][4], "\(name)")
    }
  }

  @Test func noneWhereNoneAreWanted() throws {
    #expect(try Program.run(tinyTraining(run, steps: 2, ["--no-tensorboard"])).status == 0)
    #expect(!FileManager.default.fileExists(atPath: RunPaths(run).tensorboard))
  }

  @Test(
    "fault 34: killed past its last checkpoint, a torn event → resumed, TensorBoard's curves have no fold, also where it was open all the time"
  )
  func curvesHaveNoFold() throws {
    let whole = scratch.file("whole")
    #expect(try Program.run(tinyTraining(whole, steps: 8, ["--eval-every", "1"])).status == 0)
    #expect(try Program.run(tinyTraining(run, steps: 4, ["--eval-every", "1"])).status == 0)
    let training = tinyTraining(
      run, steps: 8, ["--eval-every", "1", "--resume", "auto", "--checkpoint-every", "100"])
    let killed = try Program.run(training, environment: ["CNN_DIST_FAULT": "kill@step=8,rank=0"])
    #expect(killed.status == 137)
    let folder = "\(RunPaths(run).tensorboard)/train"
    let left = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).max())
    try damage("\(folder)/\(left)") { $0 += Data([200, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]) }
    let again = scratch.file("again")
    let open = try reader(["--again", again])
    try open.wait { open.outputSoFar.contains("\n") }
    let resumed = try Program.run(training)
    #expect(resumed.status == 0 && resumed.output.contains("resumed after step 4"), "\(resumed.output)")
    try Data().write(to: URL(fileURLWithPath: again))
    let lines = try open.result().outputLines
    #expect(lines.count == 2)
    // It had seen steps that the run then made again.
    #expect(try Self.decoded(lines[0])["train"]?.steps("loss") == Array(1...7))
    let expected = try MetricsReader.read(RunPaths(whole).metrics).filter { $0.split == .train }.map(\.loss)
    for found in [try Self.decoded(lines[1]), try curves()] {
      #expect(found["train"]?.steps("loss") == Array(1...8))
      #expect(found["train"]?.values("loss") == expected)
      #expect(found["test"]?.steps("loss") == [4, 8])
      #expect(found["test"]?.images.values.map { $0.map { $0[0] } } == [[4, 8]])
    }
  }
}
