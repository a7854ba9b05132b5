import Failures

/// Where one rank's time went in the steps of the last job: an entry of a run's `ranks.json`, in seconds.
public struct RankRecord: Codable, Equatable, Sendable {
  public var host: String
  /// All steps, from one batch to the next.
  public var seconds: Double
  /// Of these, waiting for the loader.
  public var data: Double
  /// Of these, communication that no computation hid, and waiting for slower ranks.
  public var exposed: Double

  public init(host: String, seconds: Double, data: Double, exposed: Double) {
    self.host = host
    self.seconds = seconds
    self.data = data
    self.exposed = exposed
  }

  /// Writes all ranks in their order.
  ///
  /// - Throws: `inputOutput`.
  public static func write(_ ranks: [RankRecord], to path: String) throws(Failure) {
    try writeJSON(ranks, to: path)
  }

  /// - Throws: `missingInput`, `badData`, `inputOutput`.
  public static func read(_ path: String) throws(Failure) -> [RankRecord] {
    try readJSON([RankRecord].self, from: path)
  }
}
