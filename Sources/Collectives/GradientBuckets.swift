/// How a flat gradient buffer is cut for all-reduce: in pieces of about 4 MB, from the last layers to the first,
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
  ///   - grain: pieces of a parameter end at multiples of it, counted from the beginning of the buffer, where that is possible.
  ///   - excluding: ranges that need no reduction, in order and apart; no bucket lies on both sides of one.
  public init(
    count: Int, slotOffsets: [Int], bucketBytes: Int = standardBytes, grain: Int = line,
    excluding: [Range<Int>] = []
  ) {
    precondition(count >= 0, "buckets are cut out of a buffer")
    self.count = count
    let bounds = [0] + excluding.flatMap { [$0.lowerBound, $0.upperBound] } + [count]
    precondition(bounds == bounds.sorted(), "excluded ranges are in order, apart, and in the buffer")
    ranges = stride(from: 0, to: bounds.count, by: 2).reversed().flatMap {
      Self.cut(bounds[$0]..<bounds[$0 + 1], at: slotOffsets, bucketBytes: bucketBytes, grain: grain)
    }
  }

  /// About 4 MB, measured: small enough that the sums of a network of some 10 MB begin early in backward (alexnet-small on four hosts at
  /// 1 Gbit/s waits half as long for them as with 25 MB), and large enough that a bucket's messages cost nothing (resnet18 on two
  /// ranks of one machine is as fast as with 25 MB, and 8 % slower with 1 MB).
  public static let standardBytes = 4_000_000
  /// Elements of a cache line.
  public static let line = 64 / MemoryLayout<Float>.stride

  /// A part of a buffer, cut as whole buffers are; the last bucket first.
  public static func cut(
    _ part: Range<Int>, at slotOffsets: [Int], bucketBytes: Int = standardBytes, grain: Int = line
  ) -> [Range<Int>] {
    precondition(bucketBytes > 0, "buckets have a size")
    let limit = max(1, bucketBytes / MemoryLayout<Float>.stride)
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
        ranges += pieces(of: slot..<end, limit: limit, grain: grain)
        end = slot
      }
      start = slot
    }
    if start < end { ranges.append(start..<end) }
    return ranges
  }

  /// About equal pieces of one large parameter, the last first.
  private static func pieces(of slot: Range<Int>, limit: Int, grain: Int) -> [Range<Int>] {
    let pieces = (slot.count + limit - 1) / limit
    let even = (slot.count + pieces - 1) / pieces
    let aligned = (even + grain - 1) / grain * grain
    let length = grain <= limit ? min(aligned, limit / grain * grain) : even
    var ranges: [Range<Int>] = []
    var start = slot.lowerBound
    while start < slot.upperBound {
      let end = start + length
      let bound = end / grain * grain
      let next = min(slot.upperBound, grain <= limit && bound > start ? bound : end)
      ranges.append(start..<next)
      start = next
    }
    return ranges.reversed()
  }
}
