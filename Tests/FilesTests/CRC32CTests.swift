import Files
import Testing

@Suite struct CRC32CTests {
  /// The check value of every catalogue, and two vectors of RFC 3720, B.4.
  @Test func knownValues() {
    #expect(CRC32C.checksum(Array("123456789".utf8)[...]) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)[...]) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](0..<32)[...]) == 0x46DD_794E)
    #expect(CRC32C.checksum([]) == 0)
  }
}
