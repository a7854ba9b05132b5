import Checkpoints
import Failures
import Foundation
import Testing

@Suite struct SafetensorsReaderTests {
  let directory = TemporaryDirectory()

  /// Written by PyTorch: `scripts/goldens/safetensors_fixture.py`.
  private func pytorch() throws -> SafetensorsReader {
    let url = try #require(
      Bundle.module.url(forResource: "pytorch", withExtension: "safetensors", subdirectory: "Fixtures"))
    return try SafetensorsReader(url.path)
  }

  @Test(arguments: ["float32", "float16", "bfloat16"]) func readsPyTorchsFloats(name: String) throws {
    let reader = try pytorch()
    try reader.verify()
    #expect(try reader.floats(name) == (0..<24).map { Float($0) / 4 - 3 })
  }

  @Test func readsPyTorchsShapesAndText() throws {
    let header = try pytorch().header
    #expect(header["float32"]?.shape == [2, 3, 4])
    #expect(header["float16"]?.type == .float16)
    #expect(header["bfloat16"]?.type == .bfloat16)
    #expect(header["empty"]?.shape == [0, 3])
    #expect(header["scalar"]?.shape == [])
    #expect(header["a \"quoted\" näme\n"]?.shape == [1])
    #expect(header.metadata("format") == "pt")
    #expect(header.metadata("nothing") == nil)
  }

  @Test func readsPyTorchsSpecialValues() throws {
    let reader = try pytorch()
    let half = try reader.floats("special.float16")
    #expect(half == [0, 0, .infinity, -.infinity, 65504, 0x1p-14, 0x1p-24])
    #expect(half[1].sign == .minus)
    // Rounded to 8 bits of significand.
    #expect(try reader.floats("special.bfloat16") == [0, 0, .infinity, -.infinity, 65536, 0x1p-14, 0x1p-24])
    #expect(try reader.floats("scalar") == [0.1])
  }

  @Test func readsPyTorchsIntegers() throws {
    let reader = try pytorch()
    #expect(try reader.integers("bn.num_batches_tracked") == [1_234_567_890_123])
    #expect(try reader.integers("integers") == [-1, 0, 1 << 62, .min])
    let wrong = failure { () throws(Failure) in _ = try reader.floats("integers") }
    #expect(wrong?.code == .badData)
  }

  @Test func loadsLongTensorsInPieces() throws {
    let path = directory.file("long")
    let source = ArraySource("w", [3, 50_001])
    _ = try SafetensorsWriter().write([source], integers: [IntegerTensor("n", values: [1])], to: path)
    let sink = ArraySink("w", [3, 50_001])
    try SafetensorsReader(path).load(into: [sink], ignoring: { $0.type == .int64 })
    #expect(sink.loaded == source.values)
  }

  @Test func nothingIsLoadedFromADamagedFile() throws {
    let path = directory.file("damaged")
    _ = try SafetensorsWriter().write([ArraySource("first", [4]), ArraySource("second", [4])], to: path)
    var damaged = try bytes(path)
    damaged[damaged.count - 1] ^= 1
    try write(damaged, to: path)
    let first = ArraySink("first", [4])
    let reader = try SafetensorsReader(path)
    let thrown = failure { () throws(Failure) in try reader.load(into: [first, ArraySink("second", [4])]) }
    #expect(thrown?.code == .badData)
    #expect(thrown?.what.hasPrefix("second is damaged: its checksum is ") == true)
    #expect(first.loaded.isEmpty)
  }

  /// A file that loses its end after it was opened.
  @Test func aShrinkingFileIsAFailure() throws {
    let path = directory.file("shrinking")
    _ = try SafetensorsWriter().write([ArraySource("w", [1000])], to: path)
    let reader = try SafetensorsReader(path)
    let size = reader.stamp.bytes
    #expect(truncate(path, size - 100) == 0)
    let thrown = failure { () throws(Failure) in try reader.verify() }
    #expect(thrown == Failure(.badData, "truncated: expected \(size) bytes, found \(size - 100)", at: path))
  }

  // MARK: Damage

  @Test(arguments: [0, 7, 8, 9]) func shortFiles(length: Int) throws {
    let path = directory.file("short")
    _ = try SafetensorsWriter().write([ArraySource("w", [1000])], to: path)
    let whole = try bytes(path)
    try write(Array(whole.prefix(length)), to: path)
    let thrown = try #require(openFailure(path))
    #expect(thrown.code == .badData)
    let header = 8 + Int(whole[0]) + Int(whole[1]) << 8
    let expected = length < 8 ? "expected 8 bytes" : "expected \(header) bytes"
    #expect(thrown.what.hasPrefix("truncated: \(expected), found \(length)"))
  }

  @Test("fault 11: a file of weights cut at every kilobyte → 65, expected and found bytes named")
  func truncatedAtEveryKilobyte() throws {
    let path = directory.file("truncated")
    _ = try SafetensorsWriter().write([ArraySource("w", [4000]), ArraySource("b", [40])], to: path)
    let whole = try bytes(path)
    for length in stride(from: 1024, to: whole.count, by: 1024) {
      try write(Array(whole.prefix(length)), to: path)
      #expect(
        openFailure(path)
          == Failure(.badData, "truncated: expected \(whole.count) bytes, found \(length)", at: path))
    }
  }

  /// Whatever bit is wrong: it is noticed, and in the data the tensor is named.
  @Test func everyFlippedBitIsNoticed() throws {
    let path = directory.file("flipped")
    let sources = [ArraySource("conv.weight", [2, 3]), ArraySource("b", [5])]
    _ = try SafetensorsWriter().write(sources, integers: [IntegerTensor("n", values: [3])], to: path)
    let whole = try bytes(path)
    let data = whole.count - 8 - 24 - 20
    for bit in 0..<whole.count * 8 {
      var flipped = whole
      flipped[bit / 8] ^= 1 << (bit % 8)
      try write(flipped, to: path)
      let thrown = try #require(openFailure(path), "bit \(bit)")
      #expect(thrown.code == .badData)
      if bit / 8 >= data {
        let name = bit / 8 < data + 8 ? "n" : bit / 8 < data + 32 ? "conv.weight" : "b"
        #expect(thrown.what.hasPrefix("\(name) is damaged"))
      }
    }
  }

  @Test func aMissingFileIsMissing() {
    #expect(openFailure(directory.file("nothing"))?.code == .missingInput)
  }

  // MARK: Another model

  @Test func anotherModelIsNamedInTenLines() throws {
    let path = directory.file("vgg")
    let sources = (0..<20).map { ArraySource("layer\($0).weight", [4, 2]) }
    _ = try SafetensorsWriter().write(sources, integers: [IntegerTensor("n", values: [1])], to: path)
    var sinks = (0..<20).map { ArraySink("layer\($0).weight", [$0 < 15 ? 3 : 4, 2]) }
    sinks[0] = ArraySink("head.weight", [7])
    let reader = try SafetensorsReader(path)
    let thrown = try #require(failure { () throws(Failure) in try reader.load(into: sinks) })
    #expect(thrown.code == .badData)
    let lines = [thrown.what] + thrown.details
    #expect(lines.count == 11)
    // 14 shapes, one that is missing, and two that nobody wants.
    #expect(lines[0] == "these are another model's weights: 17 tensors differ, of which 10 are listed")
    #expect(lines[1] == "head.weight: expected F32 [7], found nothing")
    #expect(lines[2] == "layer1.weight: expected F32 [3, 2], found F32 [4, 2]")
    #expect(sinks.allSatisfy { $0.loaded.isEmpty })
  }

  @Test func countersMustBeIntegers() throws {
    let path = directory.file("counters")
    let counter = IntegerTensor("bn.num_batches_tracked", values: [3])
    _ = try SafetensorsWriter().write(
      [ArraySource("w", [2]), ArraySource("other.num_batches_tracked", [1])], integers: [counter], to: path)
    let reader = try SafetensorsReader(path)
    let thrown = failure { () throws(Failure) in
      try reader.compare(
        with: [ArraySink("w", [2])],
        integers: ["bn.num_batches_tracked", "other.num_batches_tracked", "third.num_batches_tracked"])
    }
    #expect(
      thrown?.details == [
        "other.num_batches_tracked: expected I64 [], found F32 [1]",
        "third.num_batches_tracked: expected I64 [], found nothing",
      ])
    try reader.compare(
      with: [ArraySink("w", [2]), ArraySink("other.num_batches_tracked", [1])],
      integers: ["bn.num_batches_tracked"])
    #expect(try reader.integers("bn.num_batches_tracked") == [3])
  }

  @Test func tensorsThatNobodyWantsAreListed() throws {
    let path = directory.file("more")
    _ = try SafetensorsWriter().write(
      [ArraySource("w", [2])], integers: [IntegerTensor("n", values: [1])], to: path)
    let reader = try SafetensorsReader(path)
    let thrown = failure { () throws(Failure) in try reader.compare(with: [ArraySink("w", [2])]) }
    #expect(
      thrown?.what.hasSuffix("1 tensor differs") == true
        && thrown?.details == ["n: expected nothing, found I64 []"])
    let typed = failure { () throws(Failure) in
      try reader.compare(with: [ArraySink("w", [2]), ArraySink("n", [])])
    }
    #expect(typed?.details.contains("n: expected F32 [], found I64 []") == true)
    try reader.compare(with: [ArraySink("w", [2])], ignoring: { $0.name == "n" })
  }
}
