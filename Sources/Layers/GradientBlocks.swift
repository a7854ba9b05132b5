import Tensors

/// The gradients in blocks whose squares are added up apart, and then block by block in their order: so a norm has the same bits
/// however the blocks are divided among threads and ranks.
///
/// A block is what a parameter has between two multiples of ``grain``, counted from the beginning of the flat buffer.
public struct GradientBlocks: Sendable {
  /// A part of the gradients that ends at a multiple of it, or where a parameter ends, cuts no block.
  public static let grain = 4096

  /// In order.
  let ranges: [Range<Int>]
  /// The blocks of gradients that come from factors.
  let areFactored: [Bool]
  /// The blocks whose gradients are here; nil where all of them are.
  private(set) var areOwned: [Bool]?

  init(_ parameters: [Parameter], factored: [Range<Int>]) {
    ranges = parameters.flatMap { parameter in
      let (start, end) = (parameter.slot.offset, parameter.slot.offset + parameter.slot.count)
      return (start / Self.grain..<(end + Self.grain - 1) / Self.grain).map {
        max(start, $0 * Self.grain)..<min(end, ($0 + 1) * Self.grain)
      }
    }
    areFactored = ranges.map { block in factored.contains { $0.contains(block.lowerBound) } }
  }

  /// Says that the gradients in some ranges alone are here.
  mutating func own(_ owned: [Range<Int>]) {
    areOwned = ranges.map { block in
      let holder = owned.first { $0.overlaps(block) }
      precondition(holder.map { $0.clamped(to: block) == block } ?? true, "a block is whole or not there")
      return holder != nil
    }
  }

  /// The blocks of a parameter.
  func blocks(of parameter: Range<Int>) -> Range<Int> {
    let first = ranges.partitioningIndex { $0.lowerBound >= parameter.lowerBound }
    return first..<ranges.partitioningIndex { $0.lowerBound >= parameter.upperBound }
  }
}

extension [Range<Int>] {
  /// The first element from which on all others have a property.
  fileprivate func partitioningIndex(where belongs: (Range<Int>) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
