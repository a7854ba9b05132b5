import ArgumentParser
import Failures
import Training

/// Which network a benchmark runs, on how many images, cut into how many shards.
struct BenchModel: ParsableArguments {
  @OptionGroup var network: ModelArgument
  @Option(help: ArgumentHelp("Images at once (default: those of the recipe).", valueName: "n"))
  var batchSize: String?
  @Option(help: ArgumentHelp("Pixels a side (default: those of the recipe).", valueName: "n"))
  var imageSize: String?
  @Option(help: ArgumentHelp("Shards that the batch is cut into: a power of two.", valueName: "n"))
  var shards = 1

  func validate() throws {
    if !(1...1024).contains(shards) || shards & (shards - 1) != 0 {
      throw ValidationError("--shards must be a power of two, 1 to 1024")
    }
  }

  /// Those of the recipe, where none are given.
  func settings() throws(Failure) -> TrainingSettings {
    let given = ["batch-size": batchSize, "image-size": imageSize]
    return try SettingsResolver.resolve(
      model: network.model, commandLine: given.compactMapValues { $0 }, environment: [:], file: nil)
  }
}
