import Failures
import Files
import Tensors

/// Image sets in memory that processes of a machine share: one of them reads the files, the others map what it has read.
public enum SharedImageSets {
  /// What the others must be told to find the sets.
  public struct Offer: Codable, Sendable {
    public let path: String
    public let count: Int
    fileprivate let sets: [Entry]
  }

  /// A set in the segment: pixels, then labels.
  fileprivate struct Entry: Codable, Sendable {
    var facts: ImageSetFacts
    var digest: String
    var count: Int
    var firstPixel: Int
    var firstLabel: Int
  }

  /// Bytes that sets take in a segment.
  public static func bytes(of sets: [ImageSet]) -> Int {
    sets.reduce(0) { $0 + aligned($1.count * $1.shape.count) + aligned($1.count) }
  }

  /// Copies sets into a new segment.
  ///
  /// - Returns: the sets there, the segment, and what the others open it with.
  /// - Throws: see `SharedSegment.create`.
  public static func create(
    _ sets: [ImageSet], in directory: String = SharedSegment.directory
  ) throws(Failure) -> (sets: [ImageSet], segment: SharedSegment, offer: Offer) {
    var entries: [Entry] = []
    var end = 0
    for set in sets {
      let pixels = aligned(set.count * set.shape.count)
      entries.append(
        Entry(
          facts: set.facts, digest: set.digest, count: set.count, firstPixel: end, firstLabel: end + pixels))
      end += pixels + aligned(set.count)
    }
    let segment = try SharedSegment.create(count: max(1, end), in: directory) { bytes in
      for (set, entry) in zip(sets, entries) {
        set.withPixels {
          (bytes.baseAddress! + entry.firstPixel).copyMemory(from: $0, byteCount: set.count * set.shape.count)
        }
        set.labels.withUnsafeBytes {
          guard let labels = $0.baseAddress else { return }
          (bytes.baseAddress! + entry.firstLabel).copyMemory(from: labels, byteCount: set.count)
        }
      }
    }
    return (
      try entries.map { entry throws(Failure) in try set(entry, in: segment) }, segment,
      Offer(path: segment.path, count: segment.bytes.count, sets: entries)
    )
  }

  /// The sets of another process.
  ///
  /// - Throws: see `SharedSegment.existing`.
  public static func open(_ offer: Offer) throws(Failure) -> [ImageSet] {
    let segment = try SharedSegment.existing(offer.path, count: offer.count)
    return try offer.sets.map { entry throws(Failure) in try set(entry, in: segment) }
  }

  private static func set(_ entry: Entry, in segment: SharedSegment) throws(Failure) -> ImageSet {
    guard entry.firstLabel + entry.count <= segment.bytes.count,
      entry.firstPixel + entry.count * entry.facts.shape.count <= entry.firstLabel
    else { throw Failure(.internalError, "the sets do not lie where they should", at: segment.path) }
    return ImageSet(
      entry.facts, labels: Array(segment.bytes[entry.firstLabel..<entry.firstLabel + entry.count]),
      storage: .shared(segment), firstPixel: entry.firstPixel, digest: entry.digest)
  }

  /// Pixels and labels begin where cache lines do.
  private static func aligned(_ count: Int) -> Int { (count + 63) / 64 * 64 }
}
