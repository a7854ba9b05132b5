import Failures
import Files
import Glibc
import Logging

/// The file behind a rank's log. Each line is one `write`, so what was logged before a crash is there.
public final class LogFile: Sendable {
  public let path: String
  public let rank: Int
  private let file: Int32
  private let time: TimeSource

  /// Opens the file for appending, making the directories above it.
  ///
  /// - Throws: `cannotWrite`.
  public init(_ path: String, rank: Int, time: TimeSource = .system) throws(Failure) {
    try Directory.create(Directory.parent(path), code: .cannotWrite)
    file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw systemFailure(.cannotWrite, "open the log", at: path) }
    self.path = path
    self.rank = rank
    self.time = time
  }

  deinit { close(file) }

  /// Appends `<UTC time> <level> rank <n>: <message>`. A log that cannot be written never stops the training.
  func append(_ level: Logger.Level, _ message: String) {
    let now = TimeSource.utcText(time.utc())
    var line = "\(now) \(level) rank \(rank): \(printable(message))\n"
    line.withUTF8 { bytes in
      while write(file, bytes.baseAddress, bytes.count) < 0 && errno == EINTR {}
    }
  }
}

/// Writes log messages to a rank's file, `logs/rank-N.log`:
///
///     2025-11-21T01:17:00.123Z warning rank 3: the data directory is slow seconds=4.2
public struct FileLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let file: LogFile

  public init(_ file: LogFile, level: Logger.Level = .info) {
    self.file = file
    self.logLevel = level
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let error = event.error.map { " error=\($0)" } ?? ""
    file.append(event.level, "\(event.message)\(error)\(pairs)")
  }
}
