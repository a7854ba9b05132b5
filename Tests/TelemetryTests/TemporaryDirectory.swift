import Foundation
import Telemetry
import Threads

/// A directory of its own for a test, removed when the test is done.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: file(name), atomically: false, encoding: .utf8)
  }

  func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// A clock that a test sets.
final class ManualTime: Sendable {
  private let seconds = Monitor(0.0)

  var now: Double { seconds.read { $0 } }

  func advance(_ amount: Double) { seconds.update { $0 += amount } }

  /// UTC is fixed to 2025-11-21T01:17:00.123Z plus what the clock went on.
  var source: TimeSource {
    TimeSource(monotonic: { self.now }, utc: { 1_763_687_820.123 + self.now })
  }
}

/// Keeps what a console writes.
final class MemorySink: ConsoleSink {
  private let written = Monitor([String]())
  private let width: Monitor<Int?>

  init(columns: Int? = nil) { width = Monitor(columns) }

  var columns: Int? {
    get { width.read { $0 } }
    set { width.update { $0 = newValue } }
  }

  func write(_ text: String) { written.update { $0.append(text) } }

  var writes: [String] { written.read { $0 } }
  var text: String { writes.joined() }
}
