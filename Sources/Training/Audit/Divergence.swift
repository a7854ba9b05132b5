/// Which ranks' replicas agree, from a hash of each.
package struct Divergence {
  /// The largest group of ranks that agree, the one with the lowest rank of several; ascending.
  package let majority: [Int]
  private let others: [Int]

  package init(_ hashes: [UInt64]) {
    let groups = Dictionary(grouping: hashes.indices) { hashes[$0] }.values
    let largest = groups.max { ($0.count, $1[0]) < ($1.count, $0[0]) } ?? []
    majority = largest
    others = hashes.indices.filter { !largest.contains($0) }
  }

  /// Whether more than half of all ranks agree, so that the others are likely to be wrong.
  package var hasMajority: Bool { majority.count > others.count }

  /// `rank 2`, or where nobody can tell who is wrong, the ranks on both sides.
  package var text: String {
    hasMajority ? Self.list(others) : "\(Self.list(others)) from \(Self.list(majority))"
  }

  private static func list(_ ranks: [Int]) -> String {
    let names = ranks.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "rank\(ranks.count == 1 ? "" : "s") \(names)\(ranks.count > 8 ? ", ..." : "")"
  }
}
