import Collectives
import Testing

@Suite struct GradientBucketsTests {
  /// Slots of 100, 50, 50 and 10 elements.
  private let slots = [0, 100, 150, 200]
  private let count = 210

  private func ranges(_ elements: Int) -> [Range<Int>] {
    GradientBuckets(count: count, slotOffsets: slots, bucketBytes: elements * 4).ranges
  }

  @Test func fillsBucketsWithWholeSlotsFromTheEnd() {
    #expect(ranges(1000) == [0..<210])
    #expect(ranges(210) == [0..<210])
    #expect(ranges(209) == [100..<210, 0..<100])
    #expect(ranges(100) == [150..<210, 100..<150, 0..<100])
  }

  @Test func cutsASlotThatIsLargerThanABucket() {
    // 100 elements in pieces of at most 60: two of 50, rounded up to whole cache lines of 16.
    #expect(ranges(64) == [150..<210, 100..<150, 64..<100, 0..<64])
    // A limit below a cache line is kept all the same.
    #expect(GradientBuckets(count: 5, slotOffsets: [0], bucketBytes: 8).ranges == [4..<5, 2..<4, 0..<2])
  }

  /// Pieces end at multiples of 64 from the beginning of the buffer, though the parameter begins elsewhere.
  @Test func piecesEndAtTheGrain() {
    let ranges = GradientBuckets.cut(48..<448, at: [48], bucketBytes: 600, grain: 64)
    #expect(ranges == [384..<448, 256..<384, 128..<256, 48..<128])
    let others = GradientBuckets(count: 500, slotOffsets: [0, 48, 448], bucketBytes: 600, grain: 64).ranges
    #expect(others.map(\.count).reduce(0, +) == 500 && others.allSatisfy { $0.count <= 150 })
    for bound in others.map(\.lowerBound) { #expect([0, 48, 448].contains(bound) || bound % 64 == 0) }
  }

  @Test func noBucketLiesOnBothSidesOfWhatIsExcluded() {
    let buckets = GradientBuckets(count: 210, slotOffsets: slots, excluding: [100..<150, 200..<200])
    #expect(buckets.ranges == [200..<210, 150..<200, 0..<100])
  }

  @Test func slotsMayComeInAnyOrderAndMayBeMissing() {
    let buckets = GradientBuckets(count: 210, slotOffsets: [200, 0, 150, 100, 100, 210], bucketBytes: 400)
    #expect(buckets.ranges == ranges(100))
    #expect(GradientBuckets(count: 10, slotOffsets: [], bucketBytes: 1 << 20).ranges == [0..<10])
    #expect(GradientBuckets(count: 0, slotOffsets: [], bucketBytes: 1 << 20).ranges == [])
  }

  @Test func coversEverythingExactlyOnce() {
    var state = UInt64(1)
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<500 {
      let count = 1 + random(5000)
      let slots = (0..<random(20)).map { _ in random(count) }
      let limit = 1 + random(1500)
      let ranges = GradientBuckets(count: count, slotOffsets: slots, bucketBytes: limit * 4).ranges
      var end = count
      for range in ranges {
        #expect(range.upperBound == end && !range.isEmpty && range.count <= limit)
        end = range.lowerBound
      }
      #expect(end == 0)
    }
  }

  /// VGG-11's parameters at full width: no bucket above 4 MB, and not many more than the bytes ask for.
  @Test func cutsALargeNetwork() {
    let sizes = [
      576, 64, 73_728, 128, 294_912, 256, 589_824, 256, 1_179_648, 512, 2_359_296, 512, 2_359_296, 512,
      2_359_296,
      512, 102_760_448, 4096, 16_777_216, 4096, 40_960, 10,
    ]
    let offsets = sizes.indices.map { sizes[..<$0].reduce(0, +) }
    let count = sizes.reduce(0, +)
    let buckets = GradientBuckets(count: count, slotOffsets: offsets)
    #expect(buckets.count == count)
    #expect(buckets.ranges.allSatisfy { $0.count * 4 <= 4_000_000 })
    #expect(buckets.ranges.count <= count * 4 / 4_000_000 + 10)
  }
}
