import ArgumentParser
import Collectives
import Failures
import Foundation
import Planning
import Telemetry
import Training

/// `cnn-dist plan MODEL`.
struct PlanCommand: ParsableCommand, RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Predict what a training takes on 1 to 1024 ranks.",
    discussion: """
      Takes a few steps of the real network with the images that a rank would have,
      without the other ranks, and computes from these times and a network's latency
      and bandwidth what a step takes on 1, 2, 4, ... ranks: speed, efficiency,
      memory, the time to the end of the recipe, and from where on more ranks do not
      pay. Says what it assumes. All options of train apply. Under mpirun, latency
      and bandwidth are measured between its ranks, and what they cost each other.

      Examples:
        cnn-dist plan vgg11 --bandwidth 10Gbit --latency 20us
        cnn-dist plan resnet18 --ranks-per-node 32 --bandwidth 100Gbit --latency 2us
        cnn-dist plan resnet18 --weak --batch-size 32     a batch of 32 a rank
        cnn-dist plan lenet --json > lenet.json
        cnn-dist plan lenet --probe lenet.json --bandwidth 1Gbit   the same times
        mpirun --hostfile hosts -n 8 cnn-dist plan vgg11  the network that there is
      """)

  @OptionGroup var network: ModelArgument
  @Option(help: ArgumentHelp("Of a node's link, such as 10Gbit or 1.2GB (a second).", valueName: "rate"))
  var bandwidth: String?
  @Option(help: ArgumentHelp("Of a short message between nodes, such as 20us.", valueName: "time"))
  var latency: String?
  @Option(
    help: ArgumentHelp("Ranks on each node (default: those of mpirun, or one a processor).", valueName: "n"))
  var ranksPerNode: Int?
  @Option(help: ArgumentHelp("Processors of each node (default: those of this one).", valueName: "n"))
  var processors: Int?
  @Option(
    help: ArgumentHelp(
      "By how much the ranks' times differ, as a standard deviation, such as 2 (default: measured).",
      valueName: "percent"))
  var jitter: Double?
  @Flag(help: "Give every rank --batch-size images, so that the batch grows with the ranks.")
  var weak = false
  @Option(help: ArgumentHelp("Plan for up to n ranks, in powers of two.", valueName: "n"))
  var most = 1024
  @Option(help: ArgumentHelp("How long to measure, about.", valueName: "n"))
  var seconds = 20
  @Option(
    help: ArgumentHelp("What --json printed before, instead of measuring again.", valueName: "file.json"),
    completion: .file(extensions: ["json"]))
  var probe: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: SettingOptions

  var runsOnEveryRank: Bool { probe == nil }

  func validate() throws {
    if let ranksPerNode, !(1...4096).contains(ranksPerNode) {
      throw ValidationError("--ranks-per-node must be 1 to 4096")
    }
    if let processors, !(1...4096).contains(processors) {
      throw ValidationError("--processors must be 1 to 4096")
    }
    if let jitter, !(0...100).contains(jitter) { throw ValidationError("--jitter must be 0 to 100 percent") }
    if !(1...65_536).contains(most) { throw ValidationError("--most must be 1 to 65536") }
    if !(1...3600).contains(seconds) { throw ValidationError("--seconds must be 1 to 3600") }
  }

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let settings = try SettingsResolver.resolve(
      model: network.model, commandLine: options.values, environment: environment, file: options.config)
    let wishes = PlanWishes(
      bandwidth: try bandwidth.map { try Quantity.bandwidth($0, option: "--bandwidth") },
      latency: try latency.map { try Quantity.duration($0, option: "--latency") },
      ranksPerNode: ranksPerNode, processors: processors, jitter: jitter.map { $0 / 100 })
    if let probe {
      let record = try PlanRecord(reading: probe)
      return try show(record.changed(for: network.model, weak: weak, wishes, most: most))
    }
    let console = Console(style: ConsoleStyle(environment: environment, isQuiet: settings.quiet))
    let usesMPI = try LaunchEnvironment(environment).usesMPI
    let threads = settings.threads ?? 1
    let runner = try RankRunner(
      ranks: usesMPI || settings.ranks != nil
        ? settings.ranks : PlanProbe.ranks(processors: Processors.allowed().count, threads: threads),
      threads: usesMPI ? settings.threads : threads, gemm: settings.gemm, startLimit: settings.startLimit,
      environment: environment, console: console)
    let training = TrainingRun(
      settings, environment: environment, console: console, version: Version.current,
      command: CommandLine.arguments)
    let (weak, most, seconds) = (weak, most, Double(seconds))
    try Exit.with(
      runner.run { rank in
        let probe = PlanProbe(
          settings: settings, training: training, weak: weak, most: most, seconds: seconds,
          wishes: wishes, rank: rank)
        guard let record = try probe.run() else { return }
        try show(record)
      })
  }

  private func show(_ record: PlanRecord) throws {
    print(json ? try Command.json(record) : record.text, terminator: json ? "\n" : "")
  }
}

/// What the user knows better than a measurement.
struct PlanWishes: Sendable {
  /// Bytes a second.
  var bandwidth: Double?
  /// Seconds.
  var latency: Double?
  var ranksPerNode: Int?
  var processors: Int?
  /// Standard deviation of a rank's step, as a part of it.
  var jitter: Double?

  /// The measured, with these in its place.
  func applied(to measured: ScalingMeasurement) -> ScalingMeasurement {
    var measurement = measured
    if let bandwidth { measurement.cluster.network.secondsPerByte = 1 / bandwidth }
    if let latency { measurement.cluster.network.latency = latency }
    if let ranksPerNode { measurement.cluster.ranksPerNode = ranksPerNode }
    if let processors { measurement.processors.count = processors }
    if let jitter {
      for index in measurement.points.indices {
        for path in [\ScalingMeasurement.Point.alone, \.together] {
          let seconds = measurement.points[index][keyPath: path]?.seconds ?? 0
          measurement.points[index][keyPath: path]?.deviation = jitter * seconds
        }
      }
    }
    return measurement
  }
}
