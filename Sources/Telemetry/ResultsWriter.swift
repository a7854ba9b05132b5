import Failures
import Files
import Synchronization

/// A row of `results.csv`: how an epoch went.
public struct EpochResult: Equatable, Sendable {
  /// From 1.
  public var epoch: Int
  /// Mean over the epoch's training images.
  public var loss: Float
  public var trainAccuracy: Double
  /// None where the epoch was not evaluated.
  public var testAccuracy: Double?
  /// Time of the epoch.
  public var seconds: Float
  /// Over all ranks.
  public var imagesPerSecond: Float
  public var learningRate: Float

  public init(
    epoch: Int, loss: Float, trainAccuracy: Double, testAccuracy: Double?, seconds: Float,
    imagesPerSecond: Float, learningRate: Float
  ) {
    self.epoch = epoch
    self.loss = loss
    self.trainAccuracy = trainAccuracy
    self.testAccuracy = testAccuracy
    self.seconds = seconds
    self.imagesPerSecond = imagesPerSecond
    self.learningRate = learningRate
  }

  static let header = "epoch,loss,train_acc,test_acc,time_s,images_per_s,lr"

  var row: String {
    "\(epoch),\(loss),\(trainAccuracy),\(testAccuracy.map { "\($0)" } ?? ""),\(seconds),\(imagesPerSecond),\(learningRate)"
  }

  /// Reads a row back; nil for the header and for what is not a row.
  public init?(row: Substring) {
    let fields = row.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    guard fields.count == 7, let epoch = Int(fields[0]), let loss = Float(fields[1]),
      let trainAccuracy = Double(fields[2]), fields[3].isEmpty || Double(fields[3]) != nil,
      let seconds = Float(fields[4]), let imagesPerSecond = Float(fields[5]),
      let learningRate = Float(fields[6])
    else { return nil }
    self.init(
      epoch: epoch, loss: loss, trainAccuracy: trainAccuracy, testAccuracy: Double(fields[3]),
      seconds: seconds,
      imagesPerSecond: imagesPerSecond, learningRate: learningRate)
  }
}

/// Appends to `results.csv`, one row an epoch; any thread may call it.
///
/// As with ``MetricsWriter``, an interrupted and resumed run leaves each epoch once and in order.
public final class ResultsWriter: Sendable {
  private struct State: ~Copyable {
    var file: LineFile
    var epoch: Int
  }

  private let state: Mutex<State>

  /// Opens the file, keeping the rows up to an epoch.
  ///
  /// - Parameter epoch: how many epochs are complete; 0 begins anew.
  /// - Throws: `cannotWrite`, `inputOutput`.
  public init(_ path: String, resumingAt epoch: Int) throws(Failure) {
    var last = 0
    let file = try LineFile(path, header: EpochResult.header) { line in
      guard let result = EpochResult(row: String(decoding: line, as: UTF8.self)[...]), result.epoch <= epoch,
        result.epoch > last
      else { return false }
      last = result.epoch
      return true
    }
    state = Mutex(State(file: file, epoch: last))
  }

  /// Appends a row by one `write`; an epoch that the file already has is not written again.
  ///
  /// - Throws: `inputOutput`; the file then ends with the row before.
  public func append(_ result: EpochResult) throws(Failure) {
    try state.withLock { (state) throws(Failure) in
      guard result.epoch > state.epoch else { return }
      try state.file.append(Array("\(result.row)\n".utf8))
      state.epoch = result.epoch
    }
  }

  /// Waits until every row is on the disk.
  ///
  /// - Throws: `inputOutput`.
  public func synchronize() throws(Failure) {
    try state.withLock { (state) throws(Failure) in try state.file.synchronize() }
  }

  /// All rows in order, without the header; what is not a row is left out.
  ///
  /// - Throws: `missingInput`, `inputOutput`.
  public static func read(_ path: String) throws(Failure) -> [EpochResult] {
    guard let bytes = try OpenFile.contents(path) else {
      throw Failure(.missingInput, "no results here", at: printable(path), advice: "name a run directory")
    }
    let whole = bytes.prefix((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
    return String(decoding: whole, as: UTF8.self).split(separator: "\n").compactMap(EpochResult.init(row:))
  }
}
