import Datasets
import Testing

@Suite struct MixupTests {
  private static let mixup = Mixup(alpha: 0.3, seed: 21)

  /// Every other position is a partner equally often, and none is its own.
  @Test func partnersAreUniformOverTheOthers() {
    var counts = [Int](repeating: 0, count: 8)
    for batch in 0..<2000 {
      for position in 0..<8 {
        let partner = Self.mixup.draw(epoch: 1, first: 8 * batch, position: position, count: 8).partner
        counts[(partner - position + 8) % 8] += 1
      }
    }
    #expect(counts[0] == 0)
    let expected = 16000.0 / 7
    let squares = counts.dropFirst().map { (Double($0) - expected) * (Double($0) - expected) / expected }
    // Chi-square with 6 degrees of freedom: 99.99 % lie below 27.9.
    #expect(squares.reduce(0, +) < 27.9)
  }

  /// The variance of Beta(a, a) is 1 / (4 (2 a + 1)); the mean is a half.
  @Test func sharesFollowAlpha() {
    let shares = (0..<20_000).map {
      Double(Self.mixup.draw(epoch: 1, first: $0, position: 0, count: 4).share)
    }
    let mean = shares.reduce(0, +) / 20_000
    let variance = shares.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 20_000
    #expect(abs(mean - 0.5) < 0.012)
    #expect(abs(variance - 1 / 6.4) < 0.002)
  }
}
