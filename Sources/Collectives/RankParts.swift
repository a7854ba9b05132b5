/// How a range of a flat buffer is divided among ranks: which elements each adds up, and then has for the others.
///
/// Ranks that are a power of two have what recursive halving leaves them, the nearest rank first; others have neighbouring parts.
/// Parts end at multiples of a grain, counted from the beginning of the buffer wherever the range begins.
public struct RankParts: Equatable, Sendable {
  public let range: Range<Int>
  let size: Int
  private let grain: Int

  public init(_ range: Range<Int>, ranks: Int, grain: Int) {
    precondition(ranks > 0 && grain > 0, "there are ranks, and a grain has elements")
    (self.range, size, self.grain) = (range, ranks, grain)
  }

  /// Whether parts come from halving.
  var areHalves: Bool { size & (size - 1) == 0 }

  /// The part of a rank; may be empty.
  public subscript(rank: Int) -> Range<Int> {
    guard areHalves else {
      return bound(range.count * rank / size, in: range)..<bound(range.count * (rank + 1) / size, in: range)
    }
    var part = range
    var distance = 1
    while distance < size {
      part = halves(of: part, rank: rank, distance: distance).own
      distance *= 2
    }
    return part
  }

  /// What a rank keeps of a range, and what it leaves to the rank whose number differs from its own by `distance`.
  func halves(of part: Range<Int>, rank: Int, distance: Int) -> (own: Range<Int>, other: Range<Int>) {
    let middle = bound(part.count / 2, in: part)
    let (lower, upper) = (part.lowerBound..<middle, middle..<part.upperBound)
    return rank & distance == 0 ? (lower, upper) : (upper, lower)
  }

  /// The multiple of the grain up to so many elements from the beginning of a range; the range's own ends where they are met.
  private func bound(_ elements: Int, in part: Range<Int>) -> Int {
    let end = part.lowerBound + elements
    return end == part.upperBound ? end : max(part.lowerBound, end / grain * grain)
  }
}
