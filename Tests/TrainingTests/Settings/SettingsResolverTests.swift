import Failures
import Foundation
import Testing
import Training

@Suite struct SettingsResolverTests {
  private func resolve(
    _ model: String = "lenet", _ commandLine: [String: String] = [:], environment: [String: String] = [:],
    file: String? = nil
  ) throws -> TrainingSettings {
    try SettingsResolver.resolve(
      model: model, commandLine: commandLine, environment: environment, file: file)
  }

  private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).yaml")
      .path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  @Test func theCommandLineWinsOverEnvironmentFileAndRecipe() throws {
    try withFile("batch-size: 32\nlr: 0.5\nseed: 4\n") { path in
      let settings = try resolve(
        "lenet", ["batch-size": "8"],
        environment: ["CNN_DIST_BATCH_SIZE": "16", "CNN_DIST_LR": "0.25"], file: path)
      #expect(settings.batchSize == 8)
      #expect(settings.learningRate == 0.25)
      #expect(settings.seed == 4)
      #expect(settings.initialization == .xavier)
    }
  }

  /// But for those of one job alone: `run`, `resume`, `ranks`, `threads`, `quiet`, `force-unlock`.
  @Test func everySettingOfARunSurvivesYAML() throws {
    var values: [String: String] = [:]
    for (name, text) in [
      ("dataset", "synthetic"), ("data", "/a b/it's"), ("train-limit", "100"), ("dropout", "0.25"),
      ("lr", "0.0003"), ("seed", "18446744073709551615"), ("shuffle", "false"), ("momentum", "0.9"),
      ("optimizer", "lars"), ("schedule", "step:30:0.1"), ("warmup-epochs", "0.25"), ("nesterov", "true"),
      ("decay", "all"), ("clip-norm", "0.5"), ("ema", "0.999"), ("augment", "flip:0.5,crop:2"),
      ("mixup", "0.2"),
      ("label-smoothing", "0.1"), ("accumulate", "3"), ("early-stopping", "4"), ("dead-steps", "77"),
      ("restart-dead", "2"), ("on-nonfinite", "skip:10"),
    ] { values[name] = text }
    let settings = try resolve("alexnet", values)
    let again = try withFile(SettingsResolver.yaml(settings)) { try resolve("alexnet", file: $0) }
    #expect(again == settings)
  }

  @Test(arguments: [
    ("batch-size", "0"), ("lr", "nan"), ("lr", "-1"), ("epochs", "-1"), ("epochs", "x"), ("image-size", "0"),
    ("dropout", "1"), ("dropout", "inf"), ("optimizer", "sdg"), ("max-steps", "0"), ("momentum", "1"),
    ("dataset", "imagenet"), ("threads", "0"), ("recipe", "best-ever"), ("run", ""), ("seed", "-1"),
  ])
  func nonsenseOnTheCommandLineIsAUsageErrorThatNamesIt(name: String, text: String) throws {
    let failure = #expect(throws: Failure.self) { try resolve("lenet", [name: text]) }
    #expect(failure?.code == .usage)
    #expect(failure?.location == "--\(name)")
    #expect(failure?.advice.hasPrefix("give ") == true)
  }

  @Test func nonsenseElsewhereIsAConfigurationErrorThatSaysWhere() throws {
    let first = #expect(throws: Failure.self) { try resolve(environment: ["CNN_DIST_EPOCHS": "no"]) }
    #expect(first?.code == .configuration && first?.location == "CNN_DIST_EPOCHS")
    try withFile("epochs: 3\nbatch-sise: 4\n") { path in
      let failure = #expect(throws: Failure.self) { try resolve(file: path) }
      #expect(failure?.code == .configuration)
      #expect(failure?.location == "\(path):2")
      #expect(failure?.advice == "did you mean 'batch-size'?")
    }
    _ = try withFile("- a\n- b\n") { path in
      #expect(throws: Failure.self) { try resolve(file: path) }
    }
    let missing = #expect(throws: Failure.self) { try resolve(file: "/no/such/file.yaml") }
    #expect(missing?.code == .missingInput)
  }

  @Test(arguments: [
    ("vgg1", "vgg11"), ("lenett", "lenet"), ("alexnet-smal", "alexnet-small"), ("VGG16", "vgg16"),
  ])
  func anUnknownModelSuggestsTheNearest(given: String, expected: String) throws {
    let failure = #expect(throws: Failure.self) { try resolve(given) }
    #expect(failure?.code == .usage)
    #expect(failure?.advice == "did you mean '\(expected)'?")
  }

  @Test func aRecipeThatAModelLacksIsSaid() throws {
    let failure = #expect(throws: Failure.self) { try resolve("lenet", ["recipe": "quick"]) }
    #expect(failure?.description == "lenet has no recipe 'quick' (--recipe); leave it out for the default")
  }

  @Test func theNotebookRecipeIsTheNotebooksOwn() throws {
    let settings = try resolve("lenet-max", ["recipe": "notebook"])
    #expect(settings.optimizer == .adam && settings.learningRate == 0.001 && settings.batchSize == 256)
    #expect(settings.epochs == 5 && settings.initialization == .pytorch && settings.weightDecay == 0)
  }
}
