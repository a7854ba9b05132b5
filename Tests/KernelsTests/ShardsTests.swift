import Kernels
import Testing

@Suite struct ShardsTests {
  /// Ten samples in four shards, by hand: 2, 3, 2 and 3.
  @Test func byHand() {
    let shards = Shards(of: 10, in: 4)
    #expect((0..<4).map { shards[$0].samples } == [0..<2, 2..<5, 5..<7, 7..<10])
    #expect((0..<4).map { shards[$0].share } == [0.2, 0.3, 0.2, 0.3])
    #expect((shards.samples, shards.largest, shards.start) == (10, 3, 0))
    let second = Shards(of: 10, in: 4, rank: 1, ranks: 2)
    #expect((0..<2).map { second[$0].samples } == [0..<2, 2..<5])
    #expect((second.samples, second.largest, second.start) == (5, 3, 5))
  }

  /// Fewer samples than shards: every sample is in one shard, and the others are empty.
  @Test func moreShardsThanSamples() {
    let shards = Shards(of: 3, in: 8)
    let ranges = (0..<8).map { shards[$0].samples }
    #expect(ranges.flatMap(\.self) == [0, 1, 2])
    #expect(ranges.count { $0.isEmpty } == 5)
  }

  /// However they are divided among ranks and lanes, shards have the same samples.
  @Test(arguments: [1, 5, 7, 8, 50, 64, 129])
  func divisionDoesNotMoveThem(count: Int) {
    let all = Shards(of: count, in: 8)
    let expected = (0..<8).map { all[$0].samples }
    for ranks in [1, 2, 4, 8] {
      for lanes in [1, 2, 4, 8] where 8 % (ranks * lanes) == 0 {
        var found: [Range<Int>] = []
        for rank in 0..<ranks {
          let own = Shards(of: count, in: 8, rank: rank, ranks: ranks)
          #expect(own.start == count * rank / ranks && own.samples == count * (rank + 1) / ranks - own.start)
          for lane in 0..<lanes {
            let part = own.part(lane, of: lanes)
            for index in 0..<part.count {
              let samples = part[index].samples
              found.append(part.start + samples.lowerBound..<part.start + samples.upperBound)
              #expect(samples.count <= part.largest)
            }
          }
        }
        #expect(found == expected, "\(ranks) ranks of \(lanes) lanes")
      }
    }
  }

  /// One shard is divided into parts that count as shards of their own.
  @Test func aWholeIsDividedAnyhow() {
    let whole = Shards(whole: 7, of: 28)
    let parts = (0..<3).map { whole.part($0, of: 3) }
    #expect(parts.map(\.start) == [0, 2, 4] && parts.map(\.samples) == [2, 2, 3])
    #expect(parts.map { $0[0].share } == [Float(2) / 28, Float(2) / 28, Float(3) / 28])
  }

  /// The tree of eight, written out.
  @Test func theTree() {
    for (count, expected) in [
      (1, "0"), (2, "(0+1)"), (4, "((0+1)+(2+3))"), (8, "(((0+1)+(2+3))+((4+5)+(6+7)))"),
    ] {
      var places = [String](repeating: "", count: ShardTree.places(count))
      ShardTree.forEach(count) {
        places[$1] = "\($0)"
      } merge: {
        places[$0] = "(\(places[$0])+\(places[$0 + 1]))"
      }
      #expect(places[0] == expected)
    }
  }
}
