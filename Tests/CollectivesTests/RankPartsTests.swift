import Collectives
import Testing

@Suite struct RankPartsTests {
  private func parts(_ range: Range<Int>, _ ranks: Int, grain: Int = 10) -> [Range<Int>] {
    let parts = RankParts(range, ranks: ranks, grain: grain)
    return (0..<ranks).map { parts[$0] }
  }

  /// The nearest rank first: ranks 0 and 2 share the lower half.
  @Test func powersOfTwoHaveWhatHalvingLeaves() {
    #expect(parts(0..<80, 1) == [0..<80])
    #expect(parts(0..<80, 2) == [0..<40, 40..<80])
    #expect(parts(0..<80, 4) == [0..<20, 40..<60, 20..<40, 60..<80])
  }

  @Test func othersHaveNeighbouringParts() {
    #expect(parts(0..<90, 3) == [0..<30, 30..<60, 60..<90])
    #expect(parts(5..<95, 3) == [5..<30, 30..<60, 60..<95])
  }

  /// Parts are apart, cover everything, and end at the grain; some may be empty.
  @Test func partsAreEverything() {
    for ranks in [1, 2, 3, 4, 5, 7, 8, 16] {
      for range in [0..<0, 3..<4, 0..<10, 7..<33, 96..<1003, 160..<320] {
        let sorted = parts(range, ranks).filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        #expect(sorted.map(\.count).reduce(0, +) == range.count)
        for (part, next) in zip(sorted, sorted.dropFirst()) {
          #expect(part.upperBound == next.lowerBound && part.upperBound % 10 == 0)
        }
      }
    }
  }
}
