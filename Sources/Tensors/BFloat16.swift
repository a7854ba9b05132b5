/// How a float is written where it is sent.
public enum FloatFormat: String, CaseIterable, Codable, Sendable {
  case f32
  case bf16

  /// Bytes of a number.
  public var width: Int { self == .f32 ? 4 : 2 }
}

/// Floats of 16 bits: sign, exponent and the first 7 bits of the fraction of a `Float` (S. Wang and P. Kanwar, "BFloat16: The secret
/// to high performance on Cloud TPUs", 2019).
///
/// Rounding is to the nearest, ties to even, with a relative error of at most 2^-9; what is not finite stays so, and numbers above
/// 3.39e38 become infinite.
public enum BFloat16 {
  /// The bits of the nearest number.
  @inlinable
  @inline(__always)
  public static func bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let nearest = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    // The fraction of a NaN must not be rounded away.
    let quiet = bits >> 16 | 0x40
    return UInt16(truncatingIfNeeded: bits & 0x7FFF_FFFF > 0x7F80_0000 ? quiet : nearest)
  }

  @inlinable
  @inline(__always)
  public static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// The nearest number.
  @inlinable
  @inline(__always)
  public static func rounded(_ value: Float) -> Float { self.value(bits(value)) }

  /// Writes `count` numbers in 16 bits each.
  public static func pack(
    _ values: UnsafePointer<Float>, into packed: UnsafeMutablePointer<UInt16>, count: Int
  ) {
    for i in 0..<count { packed[i] = bits(values[i]) }
  }

  /// The inverse of ``pack(_:into:count:)``.
  public static func unpack(
    _ packed: UnsafePointer<UInt16>, into values: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { values[i] = value(packed[i]) }
  }

  /// sum = rounded(sum) + other, which are packed: a node of the tree in which ranks add up what they send each other.
  public static func add(
    _ packed: UnsafePointer<UInt16>, into sum: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { sum[i] = rounded(sum[i]) + value(packed[i]) }
  }

  /// Rounds in place.
  public static func round(_ values: UnsafeMutablePointer<Float>, count: Int) {
    for i in 0..<count { values[i] = rounded(values[i]) }
  }

  /// Rounds in place, and carries what is lost over to the next time, so that it is only late (error feedback; Seide et al., "1-bit
  /// stochastic gradient descent", Interspeech 2014):
  ///
  ///     a = value + residual;   value = rounded(a);   residual = a - value
  ///
  /// Where `a` does not stay finite, the residual stays what it was.
  public static func round(
    _ values: UnsafeMutablePointer<Float>, carrying residual: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count {
      let whole = values[i] + residual[i]
      let nearest = rounded(whole)
      values[i] = nearest
      residual[i] = nearest.isFinite ? whole - nearest : residual[i]
    }
  }
}
