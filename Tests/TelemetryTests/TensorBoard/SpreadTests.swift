import Telemetry
import Testing

@Suite struct SpreadTests {
  private func histogram(_ values: [Float]) -> TensorBoardHistogram {
    var spread = Spread()
    values.withUnsafeBufferPointer { spread.add($0) }
    return spread.histogram
  }

  @Test func momentsByHand() {
    let found = histogram([-2, 0, 1, 4, .nan, .infinity])
    #expect(found.min == -2 && found.max == 4 && found.num == 4 && found.sum == 3 && found.sumSquares == 21)
    #expect(found.bucket.reduce(0, +) == 4)
  }

  /// A bucket holds what is above the end of the one before and not above its own; an eighth of an octave is at most 12.5 %.
  @Test func everyValueLiesInItsBucket() {
    var values = (1...1000).map { Float($0) * 0.001 - 0.35 }
    values += [1e-30, -1e-30, 0, 3.5, -7]
    let found = histogram(values)
    #expect(
      found.bucketLimit == found.bucketLimit.sorted() && Set(found.bucketLimit).count == found.bucket.count)
    var lower = -Double.infinity
    for (limit, count) in zip(found.bucketLimit, found.bucket) {
      // Bounds are powers of two and their eighths: which side of one a value on it belongs to depends on its sign.
      let inside = values.filter { Double($0) > lower && Double($0) <= limit }.count
      let onEnds = values.filter { Double($0) == lower || Double($0) == limit }.count
      #expect(abs(inside - Int(count)) <= onEnds, "up to \(limit)")
      if count > 0, limit > 0.01, lower > 0 { #expect(limit / lower < 1.126) }
      lower = limit
    }
  }

  @Test func fewBucketsForValuesOfManySizes() {
    let found = histogram(
      (0..<10_000).map { Float($0 % 2 == 0 ? 1 : -1) * .leastNonzeroMagnitude * Float(1 << ($0 % 20)) } + [1])
    #expect(found.bucket.count < 10 && found.num == 10_001)
    #expect(histogram([.greatestFiniteMagnitude, -.greatestFiniteMagnitude]).bucket.reduce(0, +) == 2)
    #expect(histogram([.leastNonzeroMagnitude, 0]).bucket.reduce(0, +) == 2)
    #expect(histogram([0, 0]).bucket.reduce(0, +) == 2 && histogram([.nan]).num == 0)
  }
}
