import CZlib

/// The CRC-32 of gzip, PNG and zlib (polynomial 0x04C11DB7, reflected), over bytes that arrive in pieces.
///
/// `CRC32("123456789")` is CBF43926.
public struct CRC32: Sendable {
  /// The checksum of the bytes so far.
  public private(set) var value: UInt32 = 0

  public init() {}

  public init(_ bytes: UnsafeRawBufferPointer) { update(bytes) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    value = UInt32(
      truncatingIfNeeded: crc32_z(uLong(value), base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  /// Eight lower-case hexadecimal digits, so that every checksum takes the same room.
  public var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
