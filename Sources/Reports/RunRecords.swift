import Failures
import Files
import Telemetry

/// All that a run directory tells about its run, as a report shows it. What a run has not written yet is empty.
public struct RunRecords: Sendable {
  /// The directory, as the user named it.
  public let name: String
  /// Resolved settings in their order.
  let settings: [(name: String, value: String)]
  public let status: RunStatus?
  /// Whether the status says that the run goes on, but its process is gone.
  public let isOrphaned: Bool
  public let metrics: [MetricsRecord]
  public let epochs: [EpochResult]
  let environment: EnvironmentRecord?
  let evaluation: EvaluationRecord?
  let ranks: [RankRecord]

  /// Reads a run, also while it goes on.
  ///
  /// - Throws: `missingInput` for what is no run directory, `badData` for a damaged file, `inputOutput`.
  public init(_ path: String) throws(Failure) {
    var follower = RunFollower(path)
    self = try follower.records()
  }

  /// - Parameter follower: keeps the metrics that were read before.
  fileprivate init(_ trimmed: String, _ paths: RunPaths, _ follower: inout MetricsFollower) throws(Failure) {
    name = trimmed
    guard Directory.kind(trimmed) != nil else {
      throw Failure(.missingInput, "no such run", at: printable(trimmed), advice: "name a run directory")
    }
    guard Directory.kind(paths.configuration) == .file || Directory.kind(paths.status) == .file else {
      throw Failure(
        .missingInput, "not a run directory: it has neither config.yaml nor status.json",
        at: printable(trimmed),
        advice: "name one that `cnn-dist train` wrote")
    }
    let text = try OpenFile.contents(paths.configuration) ?? []
    settings = Self.settings(in: String(decoding: text, as: UTF8.self))
    status = try Self.present(paths.status) { path throws(Failure) in try StatusFile(path).read() }
    isOrphaned = status?.state == .running && !FileLock.isHeld(paths.lock)
    if Directory.kind(paths.metrics) != nil { try follower.readOn() }
    metrics = follower.records
    epochs = try Self.present(paths.results) { path throws(Failure) in try ResultsWriter.read(path) } ?? []
    environment = try Self.present(paths.environment) { path throws(Failure) in
      try EnvironmentRecord.read(path)
    }
    evaluation = try Self.present(paths.evaluation) { path throws(Failure) in
      try EvaluationRecord.read(path)
    }
    ranks = try Self.present(paths.ranks) { path throws(Failure) in try RankRecord.read(path) } ?? []
  }

  private static func present<Value>(
    _ path: String, _ read: (String) throws(Failure) -> Value
  ) throws(Failure) -> Value? {
    Directory.kind(path) == nil ? nil : try read(path)
  }

  /// The lines `name: value` of `config.yaml`, which the program wrote: a value is plain or in single quotes.
  private static func settings(in text: String) -> [(name: String, value: String)] {
    text.split(separator: "\n").compactMap { line in
      guard let colon = line.firstIndex(of: ":"), line.first != "#" else { return nil }
      var value = line[line.index(after: colon)...].drop { $0 == " " }
      if value.count >= 2, value.first == "'", value.last == "'" {
        value = value.dropFirst().dropLast()
        return (
          String(line[..<colon]),
          value.split(separator: "''", omittingEmptySubsequences: false).joined(separator: "'")
        )
      }
      return (String(line[..<colon]), String(value))
    }
  }
}

/// Reads a run again and again while it goes on. Its metrics, which only grow, are not read twice.
public struct RunFollower: Sendable {
  private let name: String
  private let paths: RunPaths
  private var metrics: MetricsFollower

  /// - Parameter path: a run directory.
  public init(_ path: String) {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    name = trimmed
    paths = RunPaths(trimmed)
    metrics = MetricsFollower(paths.metrics)
  }

  /// How the run stands, as ``RunRecords/init(_:)``.
  public mutating func records() throws(Failure) -> RunRecords { try RunRecords(name, paths, &metrics) }
}

extension RunRecords {
  public var model: String { settings.first { $0.name == "model" }?.value ?? evaluation?.model ?? "" }

  /// How the run stands, in a word.
  public var state: String {
    isOrphaned ? "interrupted" : status?.state.rawValue ?? "unknown"
  }

  public var isRunning: Bool { status?.state == .running && !isOrphaned }

  /// The last step that the metrics have.
  public var step: Int { max(status?.step ?? 0, metrics.last?.step ?? 0) }

  var bestEpoch: EpochResult? {
    // The first of equal ones, as the run keeps it.
    epochs.filter { $0.testAccuracy != nil }.reduce(nil) { best, epoch in
      guard let best else { return epoch }
      return epoch.testAccuracy! > best.testAccuracy! ? epoch : best
    }
  }

  var lastTested: EpochResult? { epochs.last { $0.testAccuracy != nil } }

  /// Of all epochs together, and of the one that is not complete as far as its metrics tell.
  public var seconds: Double {
    let begun = metrics.drop { $0.epoch <= epochs.last?.epoch ?? 0 }
    let open = begun.first.flatMap { first in begun.last.map { $0.time - first.time } } ?? 0
    return epochs.reduce(open) { $0 + Double($1.seconds) }
  }

  /// Images a second while it trained, over all epochs.
  public var imagesPerSecond: Double? {
    guard !epochs.isEmpty else {
      return metrics.last { $0.split == .train }.map { Double($0.imagesPerSecond) }
    }
    return epochs.reduce(0) { $0 + Double($1.imagesPerSecond) } / Double(epochs.count)
  }

  /// Steps after which an epoch ends; nil where the run has not said it.
  var stepsPerEpoch: Int? { status?.stepsPerEpoch }

  /// A step as a position in epochs, or as it is where that is not known.
  func position(_ step: Int) -> Double {
    stepsPerEpoch.map { Double(step) / Double(max(1, $0)) } ?? Double(step)
  }

  /// Seconds until the last step, at the speed of the last lines of metrics; nil where nothing tells.
  public var secondsLeft: Double? {
    guard isRunning, let steps = status?.steps else { return nil }
    let recent = metrics.suffix(20)
    guard let first = recent.first, let last = recent.last, last.step > first.step, last.time > first.time
    else {
      return nil
    }
    return (last.time - first.time) / Double(last.step - first.step) * Double(max(0, steps - last.step))
  }
}
