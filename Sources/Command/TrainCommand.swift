import ArgumentParser
import Failures
import Foundation
import Telemetry
import Training

/// `cnn-dist train MODEL`.
public struct TrainCommand: ParsableCommand, RankedCommand {
  public static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network.",
    discussion: """
      Examples:
        mpirun -n 4 cnn-dist train vgg11             four ranks over MPI
        cnn-dist train lenet                         one process
        cnn-dist train lenet --ranks 4               four ranks as threads
        cnn-dist train lenet-max --recipe notebook   the notebooks' settings
        cnn-dist train resnet18 --recipe best        for accuracy
        cnn-dist train vgg11 --accumulate 4          activations in a quarter
        cnn-dist train lenet --run r --resume auto   go on where r stopped
        cnn-dist train lenet --print-config > l.yaml every setting, with comments
        cnn-dist train lenet --config l.yaml         the same run again

      An option can also stand in the environment (CNN_DIST_BATCH_SIZE=64)
      or in a file (--config). The command line wins over the environment,
      that over the file, and that over the recipe.
      SIGUSR1 saves after the current step and stops with exit code 75.
      On a terminal a bar shows the progress, also under mpirun; elsewhere it is a
      line every 10 seconds. NO_COLOR=1 takes the colours away.
      """)

  @OptionGroup var network: ModelArgument
  @OptionGroup var options: SettingOptions
  @Flag(help: "Check the settings and print them resolved, without training.")
  var dryRun = false
  @Flag(
    help:
      "Print every setting as YAML for --config, with what it means and where its value came from, without training."
  )
  var printConfig = false

  public init() {}

  var runsOnEveryRank: Bool { !dryRun && !printConfig }

  public func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let resolved = try SettingsResolver.resolveWithSources(
      model: network.model, commandLine: options.values, environment: environment, file: options.config)
    let settings = resolved.settings
    let console = Console(style: ConsoleStyle(environment: environment, isQuiet: settings.quiet))
    if printConfig {
      let costs = try TrainingRun.costs(settings)
      let meanings = OptionMeanings()
      print("# cnn-dist \(Version.current), train \(settings.model)\n\(costs)\n")
      print(SettingsResolver.annotatedYAML(resolved) { meanings[$0] }, terminator: "")
      return
    }
    if dryRun {
      console.line(SettingsResolver.yaml(settings) + (try TrainingRun.costs(settings)))
      return
    }
    let runner = try RankRunner(
      ranks: settings.ranks, threads: settings.threads, gemm: settings.gemm, startLimit: settings.startLimit,
      environment: environment, console: console)
    let run = TrainingRun(
      settings, environment: environment, console: console, version: Version.current,
      command: CommandLine.arguments)
    try Exit.with(runner.run { try run.run(on: $0) })
  }
}
