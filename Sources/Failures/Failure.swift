/// How the program ends when it cannot go on: the exit codes that scripts and schedulers rely on.
public enum ExitCode: Int32, Sendable {
  case usage = 64
  case badData = 65
  case missingInput = 66
  case peerLost = 69
  case internalError = 70
  case cannotWrite = 73
  case inputOutput = 74
  case stopped = 75
  case diverged = 76
  case configuration = 78
}

/// An error that a user reads: what happened, where, and what to do about it.
///
/// Printed as one line, `<what> (<where>); <what to do>`, and a line for each detail.
public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
  public var code: ExitCode
  /// What was expected and what was found.
  public var what: String
  /// The file, option or rank; empty where `what` already says it.
  public var location: String
  /// What the user can do; empty where nothing helps.
  public var advice: String

  /// A list that belongs to what happened, such as tensors that differ; a line each.
  public var details: [String]

  public init(
    _ code: ExitCode, _ what: String, at location: String = "", advice: String = "", details: [String] = []
  ) {
    self.code = code
    self.what = what
    self.location = location
    self.advice = advice
    self.details = details
  }

  /// Without the details.
  public var description: String {
    var line = what
    if !location.isEmpty { line += " (\(location))" }
    if !advice.isEmpty { line += "; \(advice)" }
    return line
  }
}
