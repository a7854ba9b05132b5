import Datasets
import Testing

@Suite struct SamplerTests {
  @Test(arguments: [0, 1, 2, 10, 997, 60_000])
  func everySampleOnce(count: Int) {
    let sampler = Sampler(count: count, seed: 9)
    for epoch in [0, 1, 17] { #expect(sampler.order(epoch: epoch).sorted() == (0..<Int32(count)).map { $0 }) }
  }

  @Test func theOrderIsKeyedBySeedAndEpoch() {
    let order = Sampler(count: 1000, seed: 9).order(epoch: 4)
    #expect(Sampler(count: 1000, seed: 9).order(epoch: 4) == order)
    #expect(Sampler(count: 1000, seed: 9).order(epoch: 5) != order)
    #expect(Sampler(count: 1000, seed: 10).order(epoch: 4) != order)
  }

  /// Runs are resumed by it: whoever changes the order changes this list.
  @Test func theOrderNeverChanges() {
    #expect(Sampler(count: 10, seed: 1).order(epoch: 1) == [5, 0, 7, 2, 9, 1, 4, 6, 3, 8])
  }

  @Test func withoutShufflingTheOrderIsTheFiles() {
    let sampler = Sampler(count: 100, seed: 9, shuffle: false)
    #expect(sampler.order(epoch: 3) == (0..<100).map { $0 })
  }

  /// Each of 4 samples comes first in a quarter of 4,000 epochs; the bound is five standard errors.
  @Test func ordersAreEquallyLikely() {
    let sampler = Sampler(count: 4, seed: 2)
    var first = [Int](repeating: 0, count: 4)
    for epoch in 0..<4000 { first[Int(sampler.order(epoch: epoch)[0])] += 1 }
    for count in first { #expect(abs(count - 1000) < 137) }
  }
}
