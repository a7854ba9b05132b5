import Foundation

/// How much later than usual the slowest of several ranks is.
public enum ExpectedMaximum {
  /// The mean of the largest of n standard normal numbers, by Blom's approximation (1958): the quantile of
  /// (n - 3/8) / (n + 1/4). Within 0.02 for any n; grows as sqrt(2 ln n).
  public static func ofNormals(_ count: Int) -> Double {
    precondition(count > 0, "there is a largest")
    guard count > 1 else { return 0 }
    return quantile((Double(count) - 0.375) / (Double(count) + 0.25))
  }

  /// The number below which a standard normal one is with a probability above a half; by bisection.
  package static func quantile(_ probability: Double) -> Double {
    var (low, high) = (0.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) / 2 > 1 - probability { low = middle } else { high = middle }
    }
    return low
  }
}
