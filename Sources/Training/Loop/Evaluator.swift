import Collectives
import Datasets
import Failures
import Kernels
import Layers
import Tensors

/// Exact evaluation over all ranks: every sample is seen once, by one rank, and integers are added up.
public final class Evaluator {
  /// What a network scores on a set.
  public struct Score: Equatable, Sendable {
    /// Mean over the samples.
    public var loss: Double
    public var correct: Int
    public var seen: Int
    public var accuracy: Double { Double(correct) / Double(max(1, seen)) }
  }

  private let rank: Rank
  private let set: ImageSet
  private let loader: Loader
  private let pass: Pass

  /// - Parameter capacity: samples that a rank computes at once.
  public init(_ set: ImageSet, input: Shape, capacity: Int, rank: Rank) {
    self.rank = rank
    self.set = set
    let globalBatch = capacity * rank.count
    loader = Loader(set: set, sample: input, capacity: capacity)
    pass = Pass(
      order: (0..<Int32(set.count)).map { $0 }, globalBatch: globalBatch, rank: rank.index, ranks: rank.count)
  }

  /// Scores `network` on the whole set; a call for all ranks together.
  ///
  /// - Parameter visit: sees this rank's logits, batch by batch.
  public func evaluate(
    _ network: Network, visit: (Batch, TensorView) throws(Failure) -> Void = { _, _ in }
  ) throws(Failure) -> Score {
    var loss = 0.0
    var counts: (correct: Int64, seen: Int64) = (0, 0)
    loader.begin(pass)
    while let batch = loader.next() {
      guard batch.count > 0 else { continue }
      let samples = SampleKeys(seed: 0, step: 0, firstPosition: batch.firstPosition)
      let logits = network.forward(batch.images, mode: .evaluation, samples: samples)
      let scored = network.loss(logits, targets: LossTargets(labels: batch.labels), scale: nil)
      loss += scored.loss
      counts.correct += Int64(scored.correct)
      counts.seen += Int64(batch.count)
      try visit(batch, logits)
    }
    var sums = [loss]
    var totals = [counts.correct, counts.seen]
    try rank.communication.add(&sums, &totals)
    precondition(totals[1] == Int64(set.count), "every sample is evaluated exactly once")
    return Score(
      loss: sums[0] / Double(max(1, totals[1])), correct: Int(totals[0]), seen: Int(totals[1]))
  }
}

extension CommunicationThread {
  /// Gives every rank the text of rank `root`.
  func broadcast(_ text: String, from root: Int) throws(Failure) -> String {
    try gatherTexts(rank == root ? text : "")[root]
  }

  /// Adds up a few numbers over all ranks.
  func add(_ sums: inout [Double], _ counts: inout [Int64]) throws(Failure) {
    var failure: Failure?
    sums.withUnsafeMutableBufferPointer { sums in
      counts.withUnsafeMutableBufferPointer { counts in
        do throws(Failure) {
          try allReduce(sums, .sum)
          try allReduce(counts, .sum)
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }
}
