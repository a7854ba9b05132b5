import COpenSSL

/// SHA-256 of bytes in memory (FIPS 180-4), by libcrypto, which uses the processor's own instructions.
public enum SHA256 {
  /// The 32 bytes of the digest.
  public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
      // libcrypto wants an address even for no bytes.
      let none: UInt8 = 0
      let result = withUnsafeBytes(of: none) { empty in
        COpenSSL.SHA256(
          (bytes.baseAddress ?? empty.baseAddress!).assumingMemoryBound(to: UInt8.self), bytes.count,
          digest.baseAddress)
      }
      precondition(result != nil, "libcrypto has no SHA-256")
      count = Int(SHA256_DIGEST_LENGTH)
    }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  public static func hex(_ bytes: UnsafeRawBufferPointer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * Int(SHA256_DIGEST_LENGTH))
    for byte in digest(bytes) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The digest of an array as 64 lower-case hexadecimal digits.
  public static func hex(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hex($0) } }

  /// The digest of a string's UTF-8 as 64 lower-case hexadecimal digits.
  public static func hex(_ text: String) -> String { hex(Array(text.utf8)) }
}
