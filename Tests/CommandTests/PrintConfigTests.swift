import Foundation
import ProgramRunner
import Testing

@Suite(.serialized) struct PrintConfigTests {
  let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func write(_ text: String, _ name: String) throws -> String {
    let path = scratch.file(name)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Weights and moments of a run from its options, and of one from the file that was printed for them, are the same bytes.
  @Test func whatIsPrintedReproducesTheRun() throws {
    let options = [
      "--dataset", "synthetic", "--train-limit", "60", "--test-limit", "8", "--batch-size", "16",
      "--optimizer",
      "sgd", "--momentum", "0.9", "--nesterov", "--lr", "0.013", "--schedule", "step:1:0.5", "--augment",
      "flip,crop:3,erase:0.3", "--mixup", "0.2", "--label-smoothing", "0.1", "--ema", "0.9", "--seed", "77",
      "--image-size", "30", "--max-steps", "7", "--clip-norm", "2.5", "--initialization", "he",
    ]
    let printed = try Program.run(["train", "lenet-max"] + options + ["--print-config"])
    #expect(printed.status == 0, "\(printed.errors)")
    let file = try write(printed.output, "printed.yaml")
    let (first, second) = (scratch.file("first"), scratch.file("second"))
    let original = try Program.run(["train", "lenet-max", "--run", first] + options)
    #expect(original.status == 0, "\(original.errors)")
    let again = try Program.run(["train", "lenet-max", "--run", second, "--config", file])
    #expect(again.status == 0, "\(again.errors)")
    let (one, other) = (try lastCheckpoint(of: first), try lastCheckpoint(of: second))
    #expect(one.model == other.model)
    #expect(one.optimizer == other.optimizer)
    // So does the file that the run itself keeps.
    let third = scratch.file("third")
    let kept = try Program.run(["train", "lenet-max", "--run", third, "--config", "\(first)/config.yaml"])
    #expect(kept.status == 0, "\(kept.errors)")
    #expect(try lastCheckpoint(of: third).model == one.model)
  }

  @Test func everyValueSaysWhereItCameFrom() throws {
    let file = try write("seed: 5\nlr: 0.5\nepochs: 3\n", "some.yaml")
    let result = try Program.run(
      ["train", "lenet", "--config", file, "--batch-size", "8", "--ranks", "2", "--print-config"],
      environment: ["CNN_DIST_LR": "0.25"])
    #expect(result.status == 0, "\(result.errors)")
    let blocks = result.output.trimmingCharacters(in: .newlines).components(separatedBy: "\n\n")
    func expect(_ line: String, _ source: String, location: SourceLocation = #_sourceLocation) {
      let block = blocks.first { $0.hasSuffix("\n\(line)") } ?? ""
      #expect(
        block.hasPrefix("# ") && block.contains("(\(source))\n"), "\(line): \(block)",
        sourceLocation: location)
    }
    expect("batch-size: 8", "command line")
    expect("lr: 0.25", "environment")
    expect("seed: 5", "\(file):1")
    expect("epochs: 3", "\(file):3")
    expect("initialization: xavier", "recipe default")
    expect("classes: 10", "model")
    expect("optimizer: adam", "default")
    expect("# max-steps:", "unset")
    // One job's own is no setting of the file.
    expect("# ranks: 2", "command line")
    #expect(!result.output.contains("threads:"))
    #expect(blocks.contains("# Images in a step over all ranks. (command line)\nbatch-size: 8"))
  }

  /// Under mpirun one rank prints.
  @Test func oneRankOfAJobPrints() throws {
    let result = try Program.run(["train", "lenet", "--print-config"], ranks: 2)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.outputLines.count { $0 == "model: lenet" } == 1)
    #expect(result.output.contains("# 61,706 parameters"))
  }

  @Test func aRunThatCannotBeIsNotPrinted() throws {
    expectFailure(
      try Program.run(["train", "vgg11", "--image-size", "8", "--print-config"]), 78, "--image-size")
    expectFailure(
      try Program.run(["train", "lenet", "--nesterov", "--print-config"]), 78, "--nesterov")
  }

  private static let examples = URL(fileURLWithPath: Program.script("")).deletingLastPathComponent()
    .appendingPathComponent("deploy/examples").path

  /// A commented file for every network, which `train` takes, and which says what its name says.
  @Test func everyNetworkHasAnExample() throws {
    let models = try Program.run(["models", "--json"])
    struct Model: Decodable { var name: String }
    let names = try JSONDecoder().decode([Model].self, from: Data(models.output.utf8)).map(\.name)
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.examples)
    #expect(Set(files) == Set(names.map { "\($0).yaml" }))
    for name in names {
      let path = "\(Self.examples)/\(name).yaml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let result = try Program.run(["train", name, "--config", path, "--dry-run"])
      #expect(result.status == 0, "\(result.errors)")
      for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        #expect(result.outputLines.contains(line), "\(name): \(line)")
      }
      #expect(text.contains("cnn-dist train \(name) --config deploy/examples/\(name).yaml"))
    }
  }
}
