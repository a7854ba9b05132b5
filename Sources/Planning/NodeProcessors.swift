/// The processors of a node, which its ranks share.
public struct NodeProcessors: Codable, Equatable, Sendable {
  public var count: Int
  /// Threads of a rank that compute.
  public var threads: Int

  public init(count: Int, threads: Int) {
    precondition(count > 0 && threads > 0, "there is something to compute on")
    (self.count, self.threads) = (count, threads)
  }

  /// How much longer a rank takes where more threads compute than there are processors: they take turns.
  public func sharing(_ ranks: Int) -> Double { max(1, Double(ranks * threads) / Double(count)) }
}
