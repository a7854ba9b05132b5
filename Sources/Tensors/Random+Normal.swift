#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RandomStream {
  /// Elements 4 x `index` to 4 x `index` + 3 of the standard normal distribution.
  ///
  /// Two words make two numbers: sqrt(-2 ln u) cos(2 pi v) and the same with sin, u in (0, 1], v in [0, 1).
  /// (Box and Muller, "A note on the generation of random normal deviates", 1958.)
  public func normals(_ index: Int) -> SIMD4<Float> {
    let words = block(index)
    let (first, second) = (Self.radius(words.x), Self.radius(words.z))
    let (alpha, beta) = (Self.angle(words.y), Self.angle(words.w))
    return SIMD4(first * cosf(alpha), first * sinf(alpha), second * cosf(beta), second * sinf(beta))
  }

  private static func radius(_ word: UInt32) -> Float {
    let u = (Float(word) + 1) * 0x1p-32
    return (-2 * logf(u)).squareRoot()
  }

  private static func angle(_ word: UInt32) -> Float { Float(word >> 8) * (0x1p-24 * 2 * .pi) }
}
