import Failures

/// Reads `metrics.jsonl` back, also while a run appends to it.
public enum MetricsReader {
  /// All lines in order; a torn last line is left out.
  ///
  /// - Throws: `missingInput`, `badData` with the number of the line, `inputOutput`.
  public static func read(_ path: String) throws(Failure) -> [MetricsRecord] {
    var follower = MetricsFollower(path)
    try follower.readOn()
    return follower.records
  }
}
