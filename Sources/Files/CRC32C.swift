/// The CRC-32C of iSCSI and of TensorBoard's event files (Castagnoli's polynomial 0x1EDC6F41, reflected; RFC 3720, B.4).
/// zlib's is another.
///
/// `CRC32C("123456789")` is E3069283.
public enum CRC32C {
  public static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { value, byte in table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
  }

  /// What each byte does to a checksum.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0x82F6_3B78 : 0) }
  }
}
