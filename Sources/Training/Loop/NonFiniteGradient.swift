import Collectives
import Datasets
import Failures
import Layers

/// A gradient that is not finite after the reduction, and where it came from.
struct NonFiniteGradient {
  /// The parameter, in the words of `state_dict`; the last one, which backward reaches first.
  let parameter: String
  /// The ranks whose own gradients are to blame; none where only the sum is not finite.
  let ranks: [Int]

  /// Looks for the cause; a call for all ranks together.
  ///
  /// The sum has replaced each rank's own gradient, but nothing that it was computed from has changed: `recompute` leaves
  /// it there again.
  init(_ network: Network, rank: Rank, recompute: () -> Void) throws(Failure) {
    let summed = Self.culprit(network, rank) ?? "a parameter"
    recompute()
    let own = try rank.communication.gatherTexts(Self.culprit(network, rank) ?? "")
    ranks = own.indices.filter { !own[$0].isEmpty }
    parameter = ranks.first.map { own[$0] } ?? summed
  }

  private static func culprit(_ network: Network, _ rank: Rank) -> String? {
    network.parameters.last {
      !rank.kernels.sumOfSquares(network.gradients.base + $0.slot.offset, count: $0.slot.count).isFinite
    }?.name
  }

  var text: String {
    let place =
      switch ranks.count {
      case 0: "in the sum over all ranks"
      case 1: "on rank \(ranks[0])"
      default:
        "on ranks \(ranks.prefix(8).map { "\($0)" }.joined(separator: ", "))\(ranks.count > 8 ? ", ..." : "")"
      }
    return "the gradient of \(parameter) is not finite \(place)"
  }
}
