import Failures
import Files
import FoundationEssentials

/// Follows `metrics.jsonl` while a run appends to it: a reading costs what was added since the one before.
///
/// A run that is resumed drops the lines behind its checkpoint, so the last line that was read is looked at again; where it is
/// no longer in its place, everything is read anew.
public struct MetricsFollower: Sendable {
  /// All lines in order; a torn last line is left out until it is whole.
  public private(set) var records: [MetricsRecord] = []
  private let path: String
  /// The last line that was read, with its newline, and where it begins.
  private var last: [UInt8] = []
  private var start = 0

  public init(_ path: String) { self.path = path }

  /// Reads on.
  ///
  /// - Returns: how many lines were read: those that are new, or all where the file is not the one of before.
  /// - Throws: `missingInput`, `badData` with the number of the line, `inputOutput`.
  @discardableResult
  public mutating func readOn() throws(Failure) -> Int {
    guard Directory.kind(path) != nil else {
      throw Failure(.missingInput, "no metrics here", at: printable(path), advice: "name a run directory")
    }
    let file = try OpenFile.reading(path)
    var bytes = try file.bytes(max(0, try file.size() - start), at: start)
    if !bytes.starts(with: last) {
      (records, last, start) = ([], [], 0)
      bytes = try file.bytes(try file.size())
    }
    let decoder = JSONDecoder()
    var new: [MetricsRecord] = []
    var (begin, next) = (0, last.count)
    while let end = bytes[next...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let record = try? decoder.decode(MetricsRecord.self, from: Data(bytes[next..<end])) else {
        let number = records.count + new.count + 1
        throw Failure(.badData, "not a line of metrics", at: "\(printable(path)):\(number)")
      }
      new.append(record)
      (begin, next) = (next, end + 1)
    }
    records += new
    last = Array(bytes[begin..<next])
    start += begin
    return new.count
  }
}
