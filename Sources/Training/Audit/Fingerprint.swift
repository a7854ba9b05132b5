/// A hash of 64 bits of floats, bit by bit: two buffers that differ in one place never share it.
///
/// Four lanes each take in a word by h = (h xor word) * p with an odd p, so that no change of one word leaves h as it was; the
/// lanes hide the latency of the product. No defence against malice.
package enum Fingerprint {
  private static let prime: UInt64 = 0x9E37_79B1_85EB_CA87

  /// Allocates nothing.
  package static func of(_ values: UnsafePointer<Float>, count: Int) -> UInt64 {
    let words = UnsafeRawPointer(values)
    var (a, b, c, d) = (prime &+ 1, prime &+ 2, prime &+ 3, prime &+ 4)
    var offset = 0
    let end = count * MemoryLayout<Float>.stride
    while offset + 32 <= end {
      a = (a ^ words.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* prime
      b = (b ^ words.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)) &* prime
      c = (c ^ words.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)) &* prime
      d = (d ^ words.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)) &* prime
      offset += 32
    }
    var hash = combine(combine(combine(combine(UInt64(count), a), b), c), d)
    while offset < end {
      hash = combine(hash, UInt64(words.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      offset += 4
    }
    return hash
  }

  /// The hash of a hash and what follows; the order counts, and no change of one of the two leaves it as it was.
  package static func combine(_ hash: UInt64, _ next: UInt64) -> UInt64 {
    let mixed = (hash ^ next) &* prime
    // So that the order counts: the product alone would take in a and b like b and a.
    return mixed ^ mixed >> 29
  }
}
