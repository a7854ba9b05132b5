import ArgumentParser
import Models

/// Which network a command is about.
struct ModelArgument: ParsableArguments {
  @Argument(
    help: "The network: \(ModelRegistry.all.map(\.name).joined(separator: ", ")).",
    completion: .list(ModelRegistry.all.map(\.name)))
  var model: String
}
