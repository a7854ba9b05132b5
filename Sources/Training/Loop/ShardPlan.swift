import Kernels

/// How the batches of a run are cut into shards, and what that means for these ranks.
///
/// Gradients are added up over shards in one fixed tree, whose lower levels lie within a rank and whose upper levels lie between
/// ranks. So a run has the same bits on any number of ranks that divides the shards.
package struct ShardPlan: Equatable, Sendable {
  /// Shards of a full batch; 0 where sums are added up in whatever order is at hand.
  package let total: Int
  /// Shards of a full batch that the settings ask for, whatever the ranks.
  package let wanted: Int
  private let rank: Int
  private let ranks: Int
  private let pieces: Int

  /// - Parameter batchSize: samples of a full global batch, which there are never fewer of than shards.
  package init(_ settings: TrainingSettings, batchSize: Int, rank: Int = 0, ranks: Int = 1) {
    (self.rank, self.ranks, pieces) = (rank, ranks, settings.accumulate)
    wanted = settings.shards == 0 ? 0 : min(settings.shards, largestPowerOfTwo(upTo: batchSize))
    total = settings.accumulate == 1 && wanted > 0 && wanted % ranks == 0 ? wanted : 0
  }

  /// Whether sums have the same bits on any number of ranks that divides the shards.
  package var isOrdered: Bool { total > 0 }

  /// Shards of this rank.
  package var own: Int { isOrdered ? total / ranks : 1 }

  /// The shards of this rank's part of a global batch, or of a piece of it.
  func shards(of globalCount: Int, samples: Int) -> Shards {
    isOrdered
      ? Shards(of: globalCount, in: total, rank: rank, ranks: ranks)
      : Shards(whole: samples, of: globalCount)
  }

  /// The most threads that divide the shards of a rank.
  func threads(_ threads: Int) -> Int {
    isOrdered ? largestPowerOfTwo(upTo: min(threads, own)) : threads
  }

  /// What is said of a run whose sums are not added up as asked for, or on fewer threads than there are.
  package func notes(threads: Int) -> [String] {
    guard wanted > 0 else { return [] }
    let consequence = "sums are added in another order than on one rank, so that last bits may differ"
    if pieces > 1 {
      return ["--accumulate \(pieces) adds pieces up, not shards: last bits depend on the number of ranks"]
    }
    if !isOrdered { return ["\(ranks) ranks do not divide \(wanted) shards: \(consequence)"] }
    let used = self.threads(threads)
    guard used < threads else { return [] }
    return [
      "a rank's \(own) \(own == 1 ? "shard is" : "shards are") computed by \(used) of \(threads) threads; "
        + "more --shards, or --shards 0, would use them"
    ]
  }
}

private func largestPowerOfTwo(upTo limit: Int) -> Int {
  precondition(limit > 0, "one is the least")
  return 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)
}
