/// How the values of a tensor are spread: a histogram whose buckets are the upper bits of floats, an eighth of an octave
/// each, so that one pass without logarithms fills it whatever the values are. What is not finite is left out.
public struct Spread {
  /// Fraction bits that tell buckets apart.
  private static let fractionBits = 3
  private static let shift = 23 - fractionBits
  /// Octaves below the largest magnitude that have buckets; smaller values share one around zero.
  private static let octaves = 12

  /// Counts by the upper bits of magnitudes, of values above and below zero.
  private var above = [Int](repeating: 0, count: 1 << (8 + fractionBits))
  private var below = [Int](repeating: 0, count: 1 << (8 + fractionBits))
  private var least = Float.infinity
  private var greatest = -Float.infinity
  private var sum = 0.0
  private var squares = 0.0
  public private(set) var count = 0

  public init() {}

  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    for value in values where value.isFinite {
      let bucket = Int(value.magnitude.bitPattern >> UInt32(Self.shift))
      if value < 0 { below[bucket] += 1 } else { above[bucket] += 1 }
      least = min(least, value)
      greatest = max(greatest, value)
      sum += Double(value)
      squares += Double(value) * Double(value)
      count += 1
    }
  }

  /// TensorBoard's form: ascending upper ends of buckets and what lies in each. Buckets that are empty beside an empty one
  /// are left out.
  package var histogram: TensorBoardHistogram {
    var histogram = TensorBoardHistogram()
    guard count > 0 else { return histogram }
    histogram.min = Double(least)
    histogram.max = Double(greatest)
    histogram.num = Double(count)
    histogram.sum = sum
    histogram.sumSquares = squares
    let last = Int(max(-least, greatest).bitPattern >> UInt32(Self.shift))
    let first = max(0, last + 1 - Self.octaves << Self.fractionBits)
    let small = below[..<first].reduce(0, +) + above[..<first].reduce(0, +)
    let buckets: [(limit: Double, count: Int)] =
      (first...last).reversed().map { (-Self.lowerEnd($0), below[$0]) } + [(Self.lowerEnd(first), small)]
      + (first...last).map { (Self.lowerEnd($0 + 1), above[$0]) }
    for (index, bucket) in buckets.enumerated() {
      let isNextUsed = index + 1 < buckets.count && buckets[index + 1].count > 0
      guard bucket.count > 0 || isNextUsed else { continue }
      histogram.bucketLimit.append(bucket.limit)
      histogram.bucket.append(Double(bucket.count))
    }
    return histogram
  }

  /// Where a bucket of magnitudes begins.
  private static func lowerEnd(_ bucket: Int) -> Double {
    let value = Float(bitPattern: UInt32(bucket) << UInt32(shift))
    return value.isFinite ? Double(value) : Double(Float.greatestFiniteMagnitude)
  }
}
