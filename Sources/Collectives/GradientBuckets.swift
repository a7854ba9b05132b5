/// How a flat gradient buffer is cut for all-reduce: in pieces of about 25 MB, from the last layers to the first,
/// because backward finishes them in that order (Li et al., 2020, arXiv:2006.15704).
public struct GradientBuckets: Equatable, Sendable {
  /// Ranges of elements from the end of the buffer to its beginning, without what is excluded.
  public let ranges: [Range<Int>]

  /// Elements of the whole buffer.
  public let count: Int

  /// Cuts `[0, count)` at parameter boundaries; a parameter larger than a bucket is cut into equal pieces.
  ///
  /// - Parameters:
  ///   - count: elements of the gradient buffer.
  ///   - slotOffsets: where each parameter starts, in any order.
  ///   - bucketBytes: the size that a bucket does not exceed.
  ///   - excluding: ranges that need no reduction, in order and apart.
  public init(
    count: Int, slotOffsets: [Int], bucketBytes: Int = 25_000_000, excluding: [Range<Int>] = []
  ) {
    precondition(count >= 0 && bucketBytes > 0, "buckets have a size")
    self.count = count
    let limit = max(1, bucketBytes / MemoryLayout<Float>.stride)
    let bounds = [0] + excluding.flatMap { [$0.lowerBound, $0.upperBound] } + [count]
    precondition(bounds == bounds.sorted(), "excluded ranges are in order, apart, and in the buffer")
    ranges = stride(from: 0, to: bounds.count, by: 2).reversed().flatMap {
      Self.cut(bounds[$0]..<bounds[$0 + 1], at: slotOffsets, limit: limit)
    }
  }

  /// Buckets of a part of the buffer, the last first.
  private static func cut(_ part: Range<Int>, at slotOffsets: [Int], limit: Int) -> [Range<Int>] {
    let starts = Set(slotOffsets + [part.lowerBound]).filter(part.contains).sorted(by: >)
    var ranges = [Range<Int>]()
    // The bucket being filled is `start ..< end`; `start` is also the end of the next parameter.
    var (start, end) = (part.upperBound, part.upperBound)
    for slot in starts {
      if end - slot > limit, start < end {
        ranges.append(start..<end)
        end = start
      }
      if end - slot > limit {
        ranges += pieces(of: slot..<end, limit: limit)
        end = slot
      }
      start = slot
    }
    if start < end { ranges.append(start..<end) }
    return ranges
  }

  /// Equal pieces of one large parameter, the last first; they start at multiples of a cache line where that is possible.
  private static func pieces(of slot: Range<Int>, limit: Int) -> [Range<Int>] {
    let pieces = (slot.count + limit - 1) / limit
    let even = (slot.count + pieces - 1) / pieces
    let line = 64 / MemoryLayout<Float>.stride
    let aligned = (even + line - 1) / line * line
    let length = aligned <= limit ? aligned : even
    return stride(from: slot.lowerBound, to: slot.upperBound, by: length)
      .map { $0..<min($0 + length, slot.upperBound) }
      .reversed()
  }
}
