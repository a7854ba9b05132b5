import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RandomStream {
  /// A number from Beta(`alpha`, `alpha`), in 0...1, made of the whole stream.
  ///
  /// X / (X + Y) of two gamma variates, from their logarithms, since both may be too small for a floating-point number.
  package func beta(_ alpha: Double) -> Double {
    precondition(alpha > 0 && alpha.isFinite, "the beta distribution's parameter is positive")
    return 1 / (1 + exp(logarithmOfGamma(alpha, part: 1) - logarithmOfGamma(alpha, part: 0)))
  }

  /// ln X, where X ~ Gamma(`shape`, 1), from the blocks whose number leaves `part` when divided by 2.
  ///
  /// X = G U^(1/shape) with G ~ Gamma(shape + 1, 1), which is drawn by rejection: d v with d = shape + 2/3,
  /// v = (1 + x / sqrt(9 d))^3, x normal, accepted where ln u < x^2 / 2 + d - d v + d ln v. (Marsaglia and Tsang, "A simple
  /// method for generating gamma variables", ACM TOMS 26(3), 2000.) More than 95 % are accepted, so the bound on the
  /// attempts, 64, is never met; there, X is left at d.
  private func logarithmOfGamma(_ shape: Double, part: Int) -> Double {
    let d = shape + 2.0 / 3
    var (gamma, boost) = (d, 0.5)
    for attempt in 0..<64 {
      let words = block(2 * attempt + part)
      let x = (-2 * log(Self.unit(words.x))).squareRoot() * cos(2 * .pi * Self.unit(words.y))
      let root = 1 + x / (9 * d).squareRoot()
      guard root > 0 else { continue }
      let v = root * root * root
      guard log(Self.unit(words.z)) < x * x / 2 + d - d * v + d * log(v) else { continue }
      (gamma, boost) = (d * v, Self.unit(words.w))
      break
    }
    return log(gamma) + log(boost) / shape
  }

  /// In (0, 1).
  private static func unit(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }
}
