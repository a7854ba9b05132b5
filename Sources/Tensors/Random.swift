/// What a random number is for. Streams of different purposes never meet.
public enum RandomPurpose: UInt32, Sendable {
  case initialisation = 1
  case shuffle = 2
  case augmentation = 3
  case dropout = 4
  case synthetic = 5
}

/// Random numbers that depend on nothing but where they are used.
///
/// Element `e` of the stream (seed, purpose, layer, epoch or step, sample) is a word of the Philox4x32-10 block whose
/// counter is (e / 4, sample, time, purpose and layer) and whose key is the seed. Any rank, thread or order that asks
/// for it gets the same bits. (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.)
@frozen
public struct RandomStream: Sendable {
  @usableFromInline let key: SIMD2<UInt32>
  @usableFromInline let sample: UInt32
  @usableFromInline let time: UInt32
  @usableFromInline let use: UInt32

  /// - Parameters:
  ///   - time: the epoch or step, whichever the purpose counts.
  ///   - sample: the sample's global index or position, so that no rank sees another number for it.
  ///   - layer: tells apart several users of one purpose; at most 2^24.
  @inlinable
  public init(seed: UInt64, _ purpose: RandomPurpose, layer: Int = 0, time: Int = 0, sample: Int = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.sample = UInt32(truncatingIfNeeded: sample)
    self.time = UInt32(truncatingIfNeeded: time)
    use = purpose.rawValue << 24 | UInt32(truncatingIfNeeded: layer)
  }

  /// Elements 4 x `index` to 4 x `index` + 3, uniform over all 32-bit words.
  @inlinable
  public func block(_ index: Int) -> SIMD4<UInt32> {
    Philox.block(counter: SIMD4(UInt32(truncatingIfNeeded: index), sample, time, use), key: key)
  }

  /// Element `index`, uniform over all 32-bit words.
  @inlinable
  public func word(_ index: Int) -> UInt32 { block(index >> 2)[index & 3] }

  /// Element `index` as a float in [0, 1), a multiple of 2^-24.
  @inlinable
  public func uniform(_ index: Int) -> Float { Float(word(index) >> 8) * 0x1p-24 }

  /// Element `index` as an integer in 0..<`bound` (Lemire's multiply-shift; the bias is below `bound` / 2^32).
  @inlinable
  public func integer(_ index: Int, below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "the bound must be 1 to 2^32 - 1")
    return Int((UInt64(word(index)) * UInt64(bound)) >> 32)
  }
}

/// Philox4x32-10: a bijection of 128-bit counters, keyed by 64 bits, that passes BigCrush.
@frozen
public enum Philox {
  @inlinable
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(counter.x)
      let second = UInt64(0xCD9E_8D57) * UInt64(counter.z)
      counter = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ counter.y ^ key.x, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ counter.w ^ key.y, UInt32(truncatingIfNeeded: first))
      key = SIMD2(key.x &+ 0x9E37_79B9, key.y &+ 0xBB67_AE85)
    }
    return counter
  }
}
