import Collectives
import Layers
import Optimizers
import Tensors

/// How the update of the parameters is divided among the ranks, with what the optimizer remembers: each rank keeps the moments of
/// its own shares, updates these, and gets the others' parameters from those who updated them (ZeRO, stage 1; Rajbhandari et
/// al., 2020, arXiv:1910.02054).
///
/// Shares follow the buckets: the half of a reduction that leaves every rank its own part of a bucket is all that an update needs.
struct ParameterShares: Sendable {
  /// All parameters in pieces, each divided among the ranks, from the first to the last.
  let pieces: [RankParts]
  /// What of the gradients is added up bucket by bucket, the running statistics among them: those are every rank's.
  let buckets: GradientBuckets
  /// This rank's part of each piece.
  let own: [Range<Int>]

  /// - Parameter network: not yet told which gradients are this rank's.
  init(_ network: Network, rank: Int, ranks: Int) {
    let slots = (network.parameters + network.statistics).map(\.slot.offset)
    let (parameters, factored) = (network.parameterCount, network.factors.map(\.range))
    buckets = GradientBuckets(
      count: network.gradients.count, slotOffsets: slots, grain: GradientBlocks.grain,
      excluding: factored + [parameters..<parameters])
    let products = factored.flatMap { GradientBuckets.cut($0, at: slots, grain: GradientBlocks.grain) }
    pieces = (buckets.ranges.filter { $0.lowerBound < parameters } + products)
      .sorted { $0.lowerBound < $1.lowerBound }
      .map { RankParts($0, ranks: ranks, grain: GradientBlocks.grain) }
    own = pieces.map { $0[rank] }
  }

  /// The parts of a bucket; nil of running statistics.
  func parts(of bucket: Range<Int>) -> RankParts? { pieces.first { $0.range == bucket } }

  /// The pieces whose gradients are in the flat buffer, and so added up.
  var reduced: [RankParts] { pieces.filter { piece in buckets.ranges.contains(piece.range) } }
}
