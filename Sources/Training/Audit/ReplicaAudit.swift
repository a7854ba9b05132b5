import Collectives
import Failures
import Tensors

/// Compares the replicas of all ranks: parameters, running statistics, averages, and moments unless ranks share them, which must be
/// the same to the bit.
///
/// A replica that a bit of memory has changed goes its own way from then on, and through its gradients leads all others
/// astray. Each rank hashes its buffers and all compare the one number; only where it differs they look for the tensor.
final class ReplicaAudit {
  private let replica: Replica
  private let rank: Rank
  private let buffers: [(prefix: String, buffer: FloatBuffer)]
  private let every: Int
  private let heals: Bool
  /// Every rank's hash, in the order of ranks.
  private let hashes: UnsafeMutableBufferPointer<UInt64>
  private var audited = 0
  /// Whether each rank updates a part of the parameters for all: behind an update nobody differs any more, whatever a rank made of
  /// its part.
  private let comesBeforeUpdate: Bool

  init(_ settings: TrainingSettings, replica: Replica, rank: Rank) {
    self.replica = replica
    self.rank = rank
    buffers = replica.buffers
    every = settings.auditEvery
    comesBeforeUpdate = replica.shares != nil
    heals = settings.heal
    hashes = .allocate(capacity: rank.count)
    hashes.initialize(repeating: 0)
  }

  deinit { hashes.deallocate() }

  /// Audits after a step where it is time to, or where `isSaved`: a checkpoint holds what all ranks agree about. Allocates
  /// nothing where the replicas are the same. Collective.
  ///
  /// - Returns: what was healed, for rank 0 to tell; nil where there was nothing to.
  /// - Throws: ``Agreed`` with `diverged` where replicas differ and are not to be healed or cannot be.
  func run(after step: Int, isSaved: Bool) throws -> String? {
    guard every > 0, step > audited, isSaved || step % every == 0 && !comesBeforeUpdate else { return nil }
    audited = step
    return try compare(step)
  }

  /// The same before the update of a step, where that is the time to find what differs.
  func run(before step: Int) throws -> String? {
    guard every > 0, step % every == 0, comesBeforeUpdate else { return nil }
    return try compare(step)
  }

  private func compare(_ step: Int) throws -> String? {
    guard rank.count > 1 else { return nil }
    rank.pulse.enter(.auditing)
    var own: UInt64 = 0
    for (_, buffer) in buffers {
      own = Fingerprint.combine(own, Fingerprint.of(buffer.base, count: buffer.count))
    }
    var failure: Failure?
    withUnsafeBytes(of: &own) { own in
      do throws(Failure) {
        try rank.communication.allGather(own, into: UnsafeMutableRawBufferPointer(hashes))
      } catch { failure = error }
    }
    if let failure { throw failure }
    guard !hashes.allSatisfy({ $0 == hashes[0] }) else { return nil }
    return try settle(Divergence(Array(hashes)), after: step)
  }

  /// Heals what differs, or ends the run.
  private func settle(_ divergence: Divergence, after step: Int) throws -> String {
    let tensor = try firstDifference(divergence)
    let what = "\(tensor) differs on \(divergence.text)"
    guard heals, let source = divergence.majority.first, divergence.hasMajority else {
      throw Agreed(
        failure: Failure(
          .diverged, what, at: "step \(step)",
          advice: heals
            ? "no majority of the ranks agrees; go on from the last checkpoint with --resume auto"
            : "check the memory of these machines, then go on from the last checkpoint with --resume auto; --heal would "
              + "copy the majority's replica"))
    }
    try replica.broadcast(from: source)
    return "\(what) (step \(step)); healed from rank \(source)"
  }

  /// The first tensor that is not the same on all ranks, in the words of `state_dict`, in the order of the network.
  private func firstDifference(_ divergence: Divergence) throws(Failure) -> String {
    let network = replica.network
    var names: [String] = []
    var own: [UInt64] = []
    for (prefix, buffer) in buffers {
      for tensor in network.parameters + network.statistics
      where tensor.slot.offset + tensor.slot.count <= buffer.count {
        names.append(prefix + tensor.name)
        own.append(Fingerprint.of(buffer.base + tensor.slot.offset, count: tensor.slot.count))
      }
    }
    let all = try rank.communication.gatherTexts(own.map { String($0, radix: 16) }.joined(separator: " "))
      .map { $0.split(separator: " ") }
    let first = names.indices.first { index in all.contains { $0[index] != all[0][index] } }
    return first.map { names[$0] } ?? "padding between tensors"
  }
}
