import Files
import Testing

@Suite struct CRC32Tests {
  /// The check value of CRC-32 in every catalogue (ISO-HDLC).
  @Test func knownValue() {
    let checksum = Array("123456789".utf8).withUnsafeBytes { CRC32($0) }
    #expect(checksum.value == 0xCBF4_3926)
    #expect(checksum.hexadecimal == "cbf43926")
  }

  @Test func nothingIsZeroInEightDigits() {
    #expect(CRC32().hexadecimal == "00000000")
    #expect(CRC32(UnsafeRawBufferPointer(start: nil, count: 0)).value == 0)
  }

  @Test(arguments: [1, 2, 7, 64, 1000]) func piecesGiveTheWhole(size: Int) {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    bytes.withUnsafeBytes { raw in
      var pieces = CRC32()
      var start = 0
      while start < raw.count {
        let end = min(raw.count, start + size)
        pieces.update(UnsafeRawBufferPointer(rebasing: raw[start..<end]))
        start = end
      }
      #expect(pieces.value == CRC32(raw).value)
    }
  }
}
