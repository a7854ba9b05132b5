import Kernels

/// Which place of its window each of 16 windows took the largest from: bytes in memory, and in registers floats from 2^23 on, where the
/// bits of a float count in ones, because only floats compare in one instruction.
struct PoolingPlaces {
  private var floats: Vector

  private static let base: Float = 0x1p23

  /// The same place of all windows.
  @inline(__always)
  init(repeating place: Int) { floats = Vector(repeating: Self.base + Float(place)) }

  @inline(__always)
  private init(_ bytes: SIMD16<UInt8>) {
    let bits = SIMD16<UInt32>(truncatingIfNeeded: bytes) | SIMD16(repeating: Self.base.bitPattern)
    floats = unsafeBitCast(bits, to: Vector.self)
  }

  /// The first `left` of 16 bytes.
  @inline(__always)
  init(_ source: UnsafePointer<UInt8>, left: Int = lanes) {
    var bytes = SIMD16<UInt8>()
    if left >= lanes {
      bytes = UnsafeRawPointer(source).loadUnaligned(as: SIMD16<UInt8>.self)
    } else {
      for lane in 0..<left { bytes[lane] = source[lane] }
    }
    self.init(bytes)
  }

  @inline(__always)
  mutating func replace(with place: Int, where wins: SIMDMask<SIMD16<Int32>>) {
    floats.replace(with: Vector(repeating: Self.base + Float(place)), where: wins)
  }

  @inline(__always)
  static func .== (places: Self, place: Int) -> SIMDMask<SIMD16<Int32>> {
    places.floats .== Vector(repeating: base + Float(place))
  }

  /// Writes the first `left` of 16 bytes.
  @inline(__always)
  func write(_ target: UnsafeMutablePointer<UInt8>, left: Int = lanes) {
    let bits = unsafeBitCast(floats, to: SIMD16<UInt32>.self)
    let bytes = SIMD16<UInt8>(truncatingIfNeeded: bits)
    if left >= lanes {
      UnsafeMutableRawPointer(target).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
    } else {
      for lane in 0..<left { target[lane] = bytes[lane] }
    }
  }
}
