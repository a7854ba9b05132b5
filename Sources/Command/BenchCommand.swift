import ArgumentParser

/// `cnn-dist bench`: how fast this machine is at what.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure the speed of this machine's kernels.",
    subcommands: [BenchLayers.self])
}
