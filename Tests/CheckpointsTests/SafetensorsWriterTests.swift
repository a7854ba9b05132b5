import Checkpoints
import Failures
import Files
import Testing

@Suite struct SafetensorsWriterTests {
  let directory = TemporaryDirectory()

  /// The buffer's length divides nothing, or is longer than everything.
  @Test(arguments: [1, 7, 64, 1 << 18]) func roundTrip(chunk: Int) throws {
    let path = directory.file("model.safetensors")
    let sources = [
      ArraySource("conv.weight", [3, 1, 5, 7]), ArraySource("scalar", [], [0.1]),
      ArraySource("empty", [0, 3], []),
      ArraySource("strange \"\\\n\u{7}ä😀", [2], [.nan, -.infinity]),
    ]
    let counters = [
      IntegerTensor("tracked", values: [1 << 40]), IntegerTensor("pair", shape: [2], values: [-1, .min]),
    ]
    let written = try SafetensorsWriter(chunkElements: chunk).write(sources, integers: counters, to: path)
    #expect(written.stamp.bytes == (try bytes(path).count))

    let reader = try SafetensorsReader(path, expected: written.stamp)
    try reader.verify()
    #expect(reader.header.tensors.map(\.name) == counters.map(\.name) + sources.map(\.name))
    for source in sources {
      #expect(reader.header[source.name]?.shape == source.shape)
      #expect(try reader.floats(source.name).map(\.bitPattern) == source.values.map(\.bitPattern))
    }
    for counter in counters { #expect(try reader.integers(counter.name) == counter.values) }
  }

  /// The layout to the byte: length, text that starts with a brace and is padded to 8, offsets without gaps,
  /// little-endian.
  @Test func layout() throws {
    let path = directory.file("model.safetensors")
    _ = try SafetensorsWriter().write([ArraySource("w", [2], [1, -2])], to: path)
    let file = try bytes(path)
    let length = Int(file[0]) | Int(file[1]) << 8
    #expect(file[2..<8].allSatisfy { $0 == 0 })
    #expect(length % 8 == 0)
    #expect(file.count == 8 + length + 8)
    let text = String(decoding: file[8..<8 + length], as: UTF8.self)
    #expect(text.hasPrefix("{\"__metadata__\":{\"format\":\"pt\","))
    #expect(text.contains("\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"))
    #expect(Array(file.suffix(8)) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    let checksum = file.suffix(8).withUnsafeBytes { CRC32($0).hexadecimal }
    #expect(text.contains("\"crc32.w\":\"\(checksum)\""))
  }

  @Test func noTensorsAreAFileToo() throws {
    let path = directory.file("optimizer.safetensors")
    _ = try SafetensorsWriter().write([], to: path)
    let reader = try SafetensorsReader(path)
    try reader.verify()
    #expect(reader.header.tensors.isEmpty)
    #expect(reader.header.metadata("format") == "pt")
  }

  @Test func theSameTensorsGiveTheSameBytes() throws {
    for name in ["a", "b"] {
      _ = try SafetensorsWriter().write([ArraySource("w", [2, 3])], to: directory.file(name))
    }
    #expect(try bytes(directory.file("a")) == bytes(directory.file("b")))
  }

  @Test func aFullDiskIsAFailure() {
    let thrown = failure { () throws(Failure) in
      _ = try SafetensorsWriter().write([ArraySource("w", [2, 3])], to: "/dev/full")
    }
    #expect(thrown?.code == .inputOutput)
    #expect(thrown?.what == "write: No space left on device")
  }
}
