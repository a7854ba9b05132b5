import Failures
import Files
import FoundationEssentials

/// Reads `metrics.jsonl` back, also while a run appends to it.
public enum MetricsReader {
  /// All lines in order; a torn last line is left out.
  ///
  /// - Throws: `missingInput`, `badData` with the number of the line, `inputOutput`.
  public static func read(_ path: String) throws(Failure) -> [MetricsRecord] {
    guard let bytes = try OpenFile.contents(path) else {
      throw Failure(.missingInput, "no metrics here", at: printable(path), advice: "name a run directory")
    }
    let decoder = JSONDecoder()
    var records: [MetricsRecord] = []
    var number = 1
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let record = try? decoder.decode(MetricsRecord.self, from: Data(bytes[start..<end])) else {
        throw Failure(.badData, "not a line of metrics", at: "\(printable(path)):\(number)")
      }
      records.append(record)
      number += 1
      start = end + 1
    }
    return records
  }
}
