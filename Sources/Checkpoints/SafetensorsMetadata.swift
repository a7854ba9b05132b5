import Files

/// What this program writes into a header's `__metadata__`, whose values are all strings.
///
/// - `format` is `pt`: the tensors are PyTorch's.
/// - `cnn-dist.format` is the version of what follows.
/// - `cnn-dist.header_crc32` is the CRC-32 of the header's text, padding included, with this one value as `00000000`.
/// - `crc32.<name>` is the CRC-32 of a tensor's bytes.
enum SafetensorsMetadata {
  static let format = "format"
  static let version = "cnn-dist.format"
  static let currentVersion = "1"
  static let headerChecksum = "cnn-dist.header_crc32"
  static let tensorChecksumPrefix = "crc32."

  /// Stands where a checksum goes that is not known yet.
  static let unknownChecksum = "00000000"

  /// The checksum of a header's text whose own value lies at `field`.
  static func checksum(ofHeader text: [UInt8], field: Range<Int>) -> String {
    text.withUnsafeBytes { bytes in
      var checksum = CRC32(UnsafeRawBufferPointer(rebasing: bytes[..<field.lowerBound]))
      Array(unknownChecksum.utf8).withUnsafeBytes { checksum.update($0) }
      checksum.update(UnsafeRawBufferPointer(rebasing: bytes[field.upperBound...]))
      return checksum.hexadecimal
    }
  }
}
