import ArgumentParser
import Failures
import Foundation
import Telemetry
import Training

/// `cnn-dist verify [MODEL]` and `cnn-dist verify --run DIR`.
public struct VerifyCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that training gives the same bits on any number of ranks, and when it is resumed.",
    discussion: """
      Trains a few steps on 1, 2 and 4 ranks, and once more stopped in the middle
      and resumed on another number of ranks. Compares every tensor bit by bit, and
      counts the samples that were trained on and tested. All options of train
      apply. With --run it computes the step behind a run's newest checkpoint again,
      and compares loss and gradient with what the run left of them.

      Examples:
        cnn-dist verify                              lenet, in a minute
        cnn-dist verify resnet18 --image-size 32 --batch-size 64 --test-limit 500
        cnn-dist verify vgg11-small --dropout 0.5 --augment flip,crop:2 --ema 0.99
        cnn-dist verify --run runs/vgg11-1

      Exit code 76 says that something differs.
      """)

  @Argument(help: "The network; lenet unless given.")
  var model: String?
  @Option(help: ArgumentHelp("Steps of each run, an epoch of their own.", valueName: "n"))
  var steps = 6
  @OptionGroup var options: SettingOptions

  public init() {}

  public func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let console = Console(style: ConsoleStyle(environment: environment))
    if model == nil, let run = options.values["run"] {
      return try Replay(directory: run, options: options.values, environment: environment, console: console)
        .run()
    }
    guard options.values["run"] == nil else {
      throw Failure(
        .usage, "a network is verified in runs of its own", at: "--run",
        advice: "leave --run out, or the network to verify a run")
    }
    guard (2...10_000).contains(steps) else {
      throw Failure(
        .usage, "a run is stopped in its middle", at: "--steps \(steps)", advice: "give 2 to 10000")
    }
    let settings = try SettingsResolver.resolve(
      model: model ?? "lenet", commandLine: options.values, environment: environment, file: options.config)
    try Verification(settings, steps: steps, environment: environment, console: console).run()
  }
}
