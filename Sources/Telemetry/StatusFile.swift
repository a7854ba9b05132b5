import Failures
import FoundationEssentials

/// How a run stands, for scripts and schedulers that look from outside: the content of `status.json`.
public struct RunStatus: Codable, Equatable, Sendable {
  public enum State: String, Codable, Sendable {
    case running, completed
    /// Stopped on request; it can be resumed.
    case stopped
    case failed
  }

  public var state: State
  /// Updates since the run began.
  public var step: Int
  /// Complete epochs.
  public var epoch: Int
  /// Steps of the whole run and of an epoch; none in the status of an older program.
  public var steps: Int?
  public var stepsPerEpoch: Int?
  /// Best test accuracy so far; none before the first evaluation.
  public var bestAccuracy: Double?
  /// How the program ended; none while it runs.
  public var exitCode: Int32?
  public var message: String
  /// When the file was written, UTC, as in `2025-11-21T01:17:00.123Z`.
  public internal(set) var updated: String = ""

  public init(
    state: State, step: Int, epoch: Int, steps: Int? = nil, stepsPerEpoch: Int? = nil,
    bestAccuracy: Double? = nil, exitCode: Int32? = nil,
    message: String = ""
  ) {
    self.state = state
    self.step = step
    self.epoch = epoch
    self.steps = steps
    self.stepsPerEpoch = stepsPerEpoch
    self.bestAccuracy = bestAccuracy
    self.exitCode = exitCode
    self.message = message
  }

  private enum CodingKeys: String, CodingKey {
    case state, step, epoch, steps, message, updated
    case stepsPerEpoch = "steps_per_epoch"
    case bestAccuracy = "best_accuracy"
    case exitCode = "exit_code"
  }

  /// Every key is always there, `null` where nothing is known.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(state, forKey: .state)
    try object.encode(step, forKey: .step)
    try object.encode(epoch, forKey: .epoch)
    try object.encode(steps, forKey: .steps)
    try object.encode(stepsPerEpoch, forKey: .stepsPerEpoch)
    try object.encode(bestAccuracy.flatMap { $0.isFinite ? $0 : nil }, forKey: .bestAccuracy)
    try object.encode(exitCode, forKey: .exitCode)
    try object.encode(message, forKey: .message)
    try object.encode(updated, forKey: .updated)
  }
}

/// `status.json`, replaced in one step each time: a reader sees the old or the new status, never half of one.
public struct StatusFile: Sendable {
  public let path: String
  private let time: TimeSource

  public init(_ path: String, time: TimeSource = .system) {
    self.path = path
    self.time = time
  }

  /// Writes the status with the time of now.
  ///
  /// - Throws: `inputOutput`.
  public func write(_ status: RunStatus) throws(Failure) {
    var status = status
    status.updated = TimeSource.utcText(time.utc())
    try writeJSON(status, to: path)
  }

  /// - Throws: `missingInput`, `badData`, `inputOutput`.
  public func read() throws(Failure) -> RunStatus { try readJSON(RunStatus.self, from: path) }
}
