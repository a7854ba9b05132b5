import Datasets
import Failures
import Testing

@Suite struct IDXTests {
  let bench = Workbench()
  private static let images = IDX.Kind.images(height: 4, width: 3)
  private static let labels = IDX.Kind.labels(classes: 10)
  private static let imageBytes = Workbench.header(5, 4, 3) + (0..<60).map { UInt8($0 * 4) }
  private static let labelBytes = Workbench.header(5) + [0, 9, 5, 3, 1] as [UInt8]

  /// Writes the bytes plain and compressed and reads both.
  private func read(_ bytes: [UInt8], _ kind: IDX.Kind, atMost limit: Int = 100) throws -> [Result<
    IDX, Failure
  >] {
    try bench.writeCompressed(bytes, as: "file")
    try bench.write(bytes, as: "file")
    return ["file", "file.gz"].map { name in
      Result { () throws(Failure) in try IDX(reading: "\(bench.path)/\(name)", kind, atMost: limit) }
    }
  }

  private func expectFailure(
    _ bytes: [UInt8], _ kind: IDX.Kind, atMost limit: Int = 100, _ texts: [String],
    location: SourceLocation = #_sourceLocation
  ) throws {
    for result in try read(bytes, kind, atMost: limit) {
      let failure = #expect(throws: Failure.self, sourceLocation: location) { try result.get() }
      guard let failure else { continue }
      #expect(failure.code == .badData, sourceLocation: location)
      #expect(failure.location.hasPrefix(bench.path), sourceLocation: location)
      #expect(
        texts.contains { "\(failure)".contains($0) }, "\(failure) has none of \(texts)",
        sourceLocation: location)
    }
  }

  @Test func readsImagesAndLabels() throws {
    for result in try read(Self.imageBytes, Self.images) {
      let idx = try result.get()
      #expect(idx.count == 5)
      #expect(idx.bytes == Self.imageBytes)
      #expect(idx.kind.headerLength == 16)
    }
    for result in try read(Self.labelBytes, Self.labels, atMost: 5) {
      #expect(try result.get().bytes == Self.labelBytes)
    }
  }

  /// The offset of the byte that is changed, its new value, and what must be said about it.
  @Test(arguments: [
    (0, UInt8(1), "magic number 16779267 at offset 0"),
    (1, 0x1f, "magic number 2033667 at offset 0"),
    (2, 0x0d, "element type 13 at offset 2, expected 8"),
    (3, 1, "number of dimensions 1 at offset 3, expected 3"),
    (4, 0x7f, "count of images 2130706437 at offset 4, expected 1 to 100"),
    (4, 0xff, "count of images 4278190085 at offset 4, expected 1 to 100"),
    (7, 0, "count of images 0 at offset 4, expected 1 to 100"),
    (7, 101, "count of images 101 at offset 4, expected 1 to 100"),
    (11, 28, "rows 28 at offset 8, expected 4"),
    (8, 128, "rows 2147483652 at offset 8, expected 4"),
    (15, 2, "columns 2 at offset 12, expected 3"),
  ])
  func wrongHeader(offset: Int, value: UInt8, text: String) throws {
    var bytes = Self.imageBytes
    bytes[offset] = value
    try expectFailure(bytes, Self.images, [text])
  }

  @Test func labelsInPlaceOfImages() throws {
    try expectFailure(
      Self.labelBytes + [UInt8](repeating: 0, count: 20), Self.images,
      ["number of dimensions 1 at offset 3, expected 3"])
    try expectFailure(Self.imageBytes, Self.labels, ["number of dimensions 3 at offset 3, expected 1"])
  }

  @Test(arguments: 0..<16)
  func truncatedHeader(length: Int) throws {
    try expectFailure(
      Array(Self.imageBytes.prefix(length)), Self.images,
      ["truncated: \(length) bytes, the header alone has 16"])
  }

  @Test func lengthMustMatchTheCount() throws {
    try expectFailure(
      Array(Self.imageBytes.dropLast()), Self.images,
      ["truncated: 75 bytes, expected 76", "inflates to 75 bytes, expected 76"])
    try expectFailure(
      Self.imageBytes + [0], Self.images,
      ["trailing bytes: 77 bytes, expected 76", "inflates to more than the 76 bytes expected"])
    // A count that is wrong shows as a length that is; the message names both.
    var bytes = Self.imageBytes
    bytes[7] = 4
    try expectFailure(bytes, Self.images, ["4 images at offset 4"])
  }

  @Test(arguments: [(0, UInt8(10)), (3, 11), (4, 255)])
  func labelOutOfRange(index: Int, label: UInt8) throws {
    var bytes = Self.labelBytes
    bytes[8 + index] = label
    try expectFailure(bytes, Self.labels, ["label \(label) at offset \(8 + index), expected 0 to 9"])
  }

  @Test func missingFile() {
    let failure = #expect(throws: Failure.self) {
      try IDX(reading: "\(bench.path)/none", Self.labels, atMost: 5)
    }
    #expect(failure?.code == .missingInput)
  }
}
