import Datasets
import Foundation
import Tensors
import Testing

@Suite struct RandomStreamBetaTests {
  private static let count = 20_000

  private func sample(_ alpha: Double) -> [Double] {
    (0..<Self.count).map { RandomStream(seed: 5, .augmentation, layer: 40, sample: $0).beta(alpha) }
  }

  /// The distribution function by Simpson's rule, after t = u^(1/alpha) has taken the pole out of
  /// the density t^(alpha - 1) (1 - t)^(alpha - 1).
  private func cumulative(_ alpha: Double, _ x: Double) -> Double {
    if x > 0.5 { return 1 - cumulative(alpha, 1 - x) }
    func integral(_ x: Double) -> Double {
      let intervals = 200
      let width = pow(x, alpha) / Double(intervals)
      func term(_ index: Int) -> Double { pow(1 - pow(Double(index) * width, 1 / alpha), alpha - 1) }
      let inner = (1..<intervals).map { term($0) * ($0 % 2 == 1 ? 4 : 2) }.reduce(0, +)
      return (term(0) + inner + term(intervals)) * width / 3
    }
    return integral(x) / (2 * integral(0.5))
  }

  /// What Simpson's rule leaves, a thousandth of the distances that are looked for.
  private static let tolerance = 1e-5

  /// The reference itself, against the distributions that have a closed form.
  @Test func theReferenceIsRight() {
    for x in [0.001, 0.2, 0.5, 0.77, 0.999] {
      #expect(abs(cumulative(1, x) - x) < Self.tolerance)
      #expect(abs(cumulative(2, x) - x * x * (3 - 2 * x)) < Self.tolerance)
      #expect(abs(cumulative(0.5, x) - 2 / .pi * asin(x.squareRoot())) < Self.tolerance)
    }
  }

  /// Kolmogorov and Smirnov's distance, of which 99.99 % lie below 2.23 / sqrt(n).
  @Test(arguments: [0.05, 0.2, 0.4, 0.5, 1, 2, 8])
  func followsTheBetaDistribution(alpha: Double) {
    let values = sample(alpha).sorted()
    let n = Double(values.count)
    // A small alpha's shares are often so near to 1 that they are 1 in floating point.
    let distance = values.enumerated().filter { $0.element < 1 }.map { index, value in
      let expected = cumulative(alpha, value)
      return max(abs(expected - Double(index) / n), abs(Double(index + 1) / n - expected))
    }.max()!
    #expect(distance < 2.23 / n.squareRoot(), "\(distance)")
    let mean = values.reduce(0, +) / n
    let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / n
    let expected = 1 / (4 * (2 * alpha + 1))
    #expect(abs(mean - 0.5) < 4 * (expected / n).squareRoot())
    #expect(abs(variance - expected) < 4 * (0.5 * expected / n.squareRoot()))
  }

  /// Where almost every share is 0 or 1, or one half, no number is lost.
  @Test(arguments: [1e-4, 1e-3, 1e4])
  func extremesStayInRange(alpha: Double) {
    let values = sample(alpha)
    #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 })
    let mean = values.reduce(0, +) / Double(values.count)
    #expect(abs(mean - 0.5) < 0.015)
    #expect(values.allSatisfy { alpha < 1 || abs($0 - 0.5) < 0.05 })
  }
}
