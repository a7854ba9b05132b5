import Testing

import Planning

/// The closed forms of Thakur, Rabenseifner and Gropp (2005), and what differs from them on purpose.
@Suite struct ClusterTests {
  static let link = Link(latency: 3e-6, secondsPerByte: 1e-9)
  static let exact = 1e-12

  static func flat(_ link: Link = link, adding: Double = 2e-10) -> Cluster {
    Cluster(
      ranksPerNode: 1, local: Link(latency: 0, secondsPerByte: 0), network: link, secondsPerAddedByte: adding)
  }

  /// 2 log2 R α + 2 (R - 1) / R n β + (R - 1) / R n γ.
  @Test(arguments: [(1, 0.0), (2, 1.0), (4, 2.0), (64, 6.0), (1024, 10.0)])
  func aLongSumIsThatOfHalvingAndDoubling(ranks: Int, levels: Double) {
    let bytes = 64e6
    let part = Double(ranks - 1) / Double(ranks) * bytes
    let exchanged = 2 * levels * 3e-6 + 2 * part * 1e-9
    let expected = exchanged + part * 2e-10
    #expect(abs(Self.flat().sum(bytes: bytes, ranks: ranks) - expected) < Self.exact)
  }

  /// log2 R (α + n β + n γ): nothing is halved.
  @Test func aShortSumIsExchangedWhole() {
    let expected = 5 * (3e-6 + 56 * 1e-9 + 56 * 2e-10)
    #expect(abs(Self.flat().sum(bytes: 56, ranks: 32) - expected) < Self.exact)
  }

  /// Of 16 kB over 64 ranks two levels are halved, and the four that are left exchange 4096 bytes each.
  @Test func halvingEndsWhereVectorsAreShort() {
    func step(_ bytes: Double, exchanges: Double) -> Double {
      let exchange = 3e-6 + bytes * 1e-9
      return exchanges * exchange + bytes * 2e-10
    }
    let halved = step(8192, exchanges: 2) + step(4096, exchanges: 2)
    let whole = 4 * step(4096, exchanges: 1)
    #expect(abs(Self.flat().sum(bytes: 16_384, ranks: 64) - halved - whole) < Self.exact)
  }

  /// Four ranks a node: two levels of halves and quarters through memory; then an eighth of each of four ranks through one link, which
  /// is what a node with one rank would send of a half.
  @Test func ranksOfANodeShareItsLink() {
    let local = Link(latency: 1e-6, secondsPerByte: 2e-10)
    let cluster = Cluster(ranksPerNode: 4, local: local, network: Self.link, secondsPerAddedByte: 0)
    let bytes = 8e6
    let (half, quarter) = (1e-6 + 4e6 * 2e-10, 1e-6 + 2e6 * 2e-10)
    let within = 2 * half + 2 * quarter
    #expect(abs(cluster.sum(bytes: bytes, ranks: 4) - within) < Self.exact)
    let between = 2 * (3e-6 + 4e6 * 1e-9)
    #expect(abs(cluster.sum(bytes: bytes, ranks: 8) - within - between) < Self.exact)
    #expect(cluster.nodes(of: 4) == 1 && cluster.nodes(of: 5) == 2 && cluster.nodes(of: 1024) == 256)
  }

  /// log2 R α + (R - 1) n β by doubling where latency counts, which a ring never beats on one kind of link.
  @Test func gatheringDoubles() {
    let cluster = Self.flat()
    #expect(cluster.gather(bytes: 1e6, ranks: 1) == 0)
    #expect(abs(cluster.gather(bytes: 1e5, ranks: 16) - (4 * 3e-6 + 15 * 1e5 * 1e-9)) < Self.exact)
  }

  /// Where a node's ranks share a link, only one of them passes on what a ring brings.
  @Test func gatheringGoesRoundWhereThatIsShorter() {
    let cluster = Cluster(
      ranksPerNode: 8, local: Link(latency: 0, secondsPerByte: 0), network: Self.link, secondsPerAddedByte: 0)
    #expect(abs(cluster.gather(bytes: 1e6, ranks: 16) - 15 * (3e-6 + 1e6 * 1e-9)) < Self.exact)
  }
}
