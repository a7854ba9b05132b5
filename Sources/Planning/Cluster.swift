/// How ranks are connected, and what the collectives of a step then cost.
///
/// Ranks fill a node before the next, as mpirun places them. Ranks of a node exchange through its memory; all of them share its one
/// link to the others. Formulas are those of R. Thakur, R. Rabenseifner and W. Gropp, "Optimization of Collective Communication
/// Operations in MPICH" (Int. J. High Perf. Comp. App. 19, 2005), level by level, since links differ by level.
public struct Cluster: Codable, Equatable, Sendable {
  public var ranksPerNode: Int
  /// Between two ranks of a node.
  public var local: Link
  /// Between two nodes.
  public var network: Link
  /// γ: seconds to add a received byte to one's own.
  public var secondsPerAddedByte: Double

  /// Vectors of as many bytes are not halved any more, see `MPICommunicator.sumInTree`.
  package static let smallestHalved = 4096.0

  public init(ranksPerNode: Int, local: Link, network: Link, secondsPerAddedByte: Double) {
    precondition(ranksPerNode > 0, "a node has a rank")
    self.ranksPerNode = ranksPerNode
    self.local = local
    self.network = network
    self.secondsPerAddedByte = secondsPerAddedByte
  }

  public func nodes(of ranks: Int) -> Int { (ranks + ranksPerNode - 1) / ranksPerNode }

  /// Seconds in which every rank exchanges `bytes` with the one whose number differs by `distance`.
  private func exchange(bytes: Double, distance: Int, ranks: Int) -> Double {
    2 * distance <= ranksPerNode
      ? local.seconds(bytes: bytes) : network.seconds(bytes: bytes, sharing: min(ranksPerNode, ranks))
  }

  /// Seconds to sum a vector over ranks by recursive halving and doubling, the nearest rank first: at level i, of ranks 2^i apart, a
  /// rank gives away half of what it has left, adds up the other half, and later gets back what it gave:
  ///
  ///     sum over i < log2 R of  2 α_i + 2 n / 2^(i+1) β_i + n / 2^(i+1) γ
  ///
  /// With one kind of link that is 2 log2 R α + 2 (R - 1) / R n β + (R - 1) / R n γ. What is too short to be halved is exchanged as a
  /// whole at each level that is left: α_i + n (β_i + γ).
  public func sum(bytes: Double, ranks: Int) -> Double {
    var (seconds, left, distance) = (0.0, bytes, 1)
    while distance < ranks {
      if left <= Self.smallestHalved {
        seconds += exchange(bytes: left, distance: distance, ranks: ranks) + left * secondsPerAddedByte
      } else {
        left /= 2
        seconds += 2 * exchange(bytes: left, distance: distance, ranks: ranks) + left * secondsPerAddedByte
      }
      distance *= 2
    }
    return seconds
  }

  /// Seconds until every rank has the `bytes` of each other: the shorter of recursive doubling, where level i brings n 2^i bytes, and a
  /// ring of R - 1 messages of n bytes, whose slowest link counts:
  ///
  ///     sum over i < log2 R of α_i + n 2^i β_i,    (R - 1) (α + n β)
  public func gather(bytes: Double, ranks: Int) -> Double {
    guard ranks > 1 else { return 0 }
    var (doubling, distance) = (0.0, 1)
    while distance < ranks {
      doubling += exchange(bytes: bytes * Double(distance), distance: distance, ranks: ranks)
      distance *= 2
    }
    let link = ranks > ranksPerNode ? network : local
    return min(doubling, Double(ranks - 1) * link.seconds(bytes: bytes))
  }
}
