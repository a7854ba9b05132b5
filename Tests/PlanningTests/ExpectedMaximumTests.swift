import Testing

import Planning

@Suite struct ExpectedMaximumTests {
  /// Means of the largest of n, from tables of order statistics (Harter, 1961): of two it is 1 / sqrt(pi).
  @Test(arguments: [(1, 0.0), (2, 0.5642), (4, 1.0294), (10, 1.5388), (100, 2.5076), (1000, 3.2414)])
  func ofTables(count: Int, mean: Double) {
    #expect(abs(ExpectedMaximum.ofNormals(count) - mean) < 0.03)
  }

  /// The mean over many draws of the slowest of 64 ranks.
  @Test func ofDraws() {
    var state: UInt64 = 7
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    // Twelve uniform numbers less six are as good as normal, but for the last tails.
    func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }
    let draws = 4000
    let mean =
      (0..<draws).reduce(0.0) { sum, _ in sum + (0..<64).map { _ in normal() }.max()! } / Double(draws)
    #expect(abs(ExpectedMaximum.ofNormals(64) - mean) < 0.06)
  }
}
