import Datasets
import Testing

@Suite struct PassTests {
  @Test(arguments: [1, 2, 3, 4, 7], [1, 5, 64, 103, 1000])
  func everyPositionBelongsToOneRank(ranks: Int, count: Int) {
    let order = Sampler(count: count, seed: 1).order(epoch: 0)
    for globalBatch in [1, 2, 7, 16, 64, 1500] {
      let passes = (0..<ranks).map { Pass(order: order, globalBatch: globalBatch, rank: $0, ranks: ranks) }
      let batches = passes[0].batchCount
      #expect(batches == (count + globalBatch - 1) / globalBatch)
      var seen: [Int32] = []
      for batch in 0..<batches {
        #expect(passes[0].globalCount(of: batch) == min(globalBatch, count - batch * globalBatch))
        var next = 0
        for pass in passes {
          let positions = pass.positions(of: batch)
          #expect(positions.lowerBound == next)
          #expect(positions.count <= pass.localCapacity)
          #expect(positions.count <= Pass.localCapacity(globalBatch: globalBatch, ranks: ranks))
          next = positions.upperBound
          seen += positions.map { order[batch * globalBatch + $0] }
        }
        #expect(next == passes[0].globalCount(of: batch))
      }
      #expect(seen == order)
    }
  }

  @Test func sharesAreEvenWithinOne() {
    for ranks in [2, 3, 4, 7] {
      let counts = (0..<ranks).map { rank in
        Pass(order: Array(0..<101), globalBatch: 101, rank: rank, ranks: ranks).positions(of: 0).count
      }
      #expect(counts.max()! - counts.min()! <= 1)
      #expect(counts.reduce(0, +) == 101)
    }
  }

  @Test func aLastBatchSmallerThanTheRanksLeavesSomeWithNone() {
    let counts = (0..<4).map { rank in
      Pass(order: Array(0..<10), globalBatch: 8, rank: rank, ranks: 4).positions(of: 1).count
    }
    #expect(counts == [0, 1, 0, 1])
  }
}
