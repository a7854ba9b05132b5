import Failures
import FoundationEssentials
import Synchronization

/// Appends to `metrics.jsonl`; any thread may call it.
///
/// Whatever is interrupted and resumed, the file is the one of an uninterrupted run: lines past the resumed step and a
/// torn last line are dropped when it is opened, and a line whose step the file already has is not written again.
public final class MetricsWriter: Sendable {
  private struct State: ~Copyable {
    var file: LineFile
    var line: [UInt8] = []
    /// The last step of each split that the file has.
    var trainStep: Int
    var testStep: Int
  }

  private let state: Mutex<State>

  /// Opens the file, keeping the lines up to a step.
  ///
  /// - Parameter step: the step of the checkpoint that training goes on from; 0 begins anew.
  /// - Throws: `cannotWrite`, `inputOutput`.
  public init(_ path: String, resumingAt step: Int) throws(Failure) {
    var trainStep = 0
    var testStep = 0
    let decoder = JSONDecoder()
    let file = try LineFile(path) { line in
      guard let record = try? decoder.decode(MetricsRecord.self, from: Data(line)), record.step <= step else {
        return false
      }
      switch record.split {
      case .train: trainStep = max(trainStep, record.step)
      case .test: testStep = max(testStep, record.step)
      }
      return true
    }
    var line: [UInt8] = []
    line.reserveCapacity(512)
    state = Mutex(State(file: file, line: line, trainStep: trainStep, testStep: testStep))
  }

  /// Appends a line by one `write`.
  ///
  /// - Throws: `inputOutput`; the file then ends with the line before.
  public func append(_ record: MetricsRecord) throws(Failure) {
    try state.withLock { (state) throws(Failure) in
      guard record.step > (record.split == .train ? state.trainStep : state.testStep) else { return }
      state.line.removeAll(keepingCapacity: true)
      record.write(to: &state.line)
      try state.file.append(state.line)
      if record.split == .train { state.trainStep = record.step } else { state.testStep = record.step }
    }
  }

  /// Waits until every line is on the disk; call it before a checkpoint is published, whose resume relies on them.
  ///
  /// - Throws: `inputOutput`.
  public func synchronize() throws(Failure) {
    try state.withLock { (state) throws(Failure) in try state.file.synchronize() }
  }
}
