/// One rank's way through an epoch: which samples of which global batch are its own.
///
/// The epoch is cut into ceil(count / B) global batches; the last may be smaller. Of a batch of B samples, rank r of R
/// takes positions floor(B r / R) to floor(B (r + 1) / R): contiguous, in order of rank, uneven by at most one, and
/// none where there are fewer samples than ranks. Every position belongs to exactly one rank.
public struct Pass: Sendable {
  /// Sample indices, the same on every rank.
  public let order: [Int32]
  /// Samples in a full batch over all ranks.
  public let globalBatch: Int
  public let rank: Int
  public let ranks: Int
  /// The batch to begin with: past 0 where a run is resumed.
  public let firstBatch: Int
  /// The epoch's number, which keys what chance decides in it.
  public let epoch: Int

  public init(
    order: [Int32], globalBatch: Int, rank: Int = 0, ranks: Int = 1, firstBatch: Int = 0, epoch: Int = 0
  ) {
    precondition(globalBatch > 0, "a batch has at least one sample")
    precondition(ranks > 0 && rank >= 0 && rank < ranks, "ranks are numbered from 0")
    precondition(firstBatch >= 0, "batches are numbered from 0")
    self.order = order
    self.globalBatch = globalBatch
    self.rank = rank
    self.ranks = ranks
    self.firstBatch = firstBatch
    self.epoch = epoch
  }

  /// Global batches in the epoch, those before ``firstBatch`` included.
  public var batchCount: Int { (order.count + globalBatch - 1) / globalBatch }

  /// Samples of a batch over all ranks.
  public func globalCount(of batch: Int) -> Int {
    min(globalBatch, order.count - batch * globalBatch)
  }

  /// This rank's positions within a global batch.
  public func positions(of batch: Int) -> Range<Int> {
    let count = globalCount(of: batch)
    return count * rank / ranks..<count * (rank + 1) / ranks
  }

  /// The most samples that this rank has in one batch: the room that a loader needs.
  public var localCapacity: Int {
    Self.localCapacity(globalBatch: min(globalBatch, order.count), ranks: ranks)
  }

  /// The most samples that any rank has in one batch.
  public static func localCapacity(globalBatch: Int, ranks: Int) -> Int { (globalBatch + ranks - 1) / ranks }
}
