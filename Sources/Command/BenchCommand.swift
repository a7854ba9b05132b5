import ArgumentParser

/// `cnn-dist bench`: how fast this machine is at what.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast this machine is at what.",
    subcommands: [BenchLayers.self, BenchStep.self, BenchKernels.self, BenchAllReduce.self])
}
