import Foundation
import ProgramRunner
import Testing

/// Data that are missing, damaged, or not the published ones.
@Suite(.serialized) struct DataFaultTests {
  private static let published = "/usr/share/datasets/fashion-mnist"
  private static let labels = "t10k-labels-idx1-ubyte"
  private static let images = "t10k-images-idx3-ubyte"
  let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func train(_ data: String, _ more: [String] = [], ranks: Int? = nil) throws -> ProgramResult {
    try Program.run(
      [
        "train", "lenet-max", "--data", data, "--max-steps", "1", "--train-limit", "32", "--test-limit", "8",
        "--run",
        scratch.file("run-\(UUID().uuidString)"),
      ] + more, ranks: ranks)
  }

  /// The published files but one, which is in its place with other bytes, compressed or inflated.
  private func data(_ name: String, _ bytes: Data, compressed: Bool) throws -> String {
    let directory = scratch.file("data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for file in try FileManager.default.contentsOfDirectory(atPath: Self.published)
    where file.hasSuffix(".gz") && !file.hasPrefix(name) {
      try FileManager.default.createSymbolicLink(
        atPath: "\(directory)/\(file)", withDestinationPath: "\(Self.published)/\(file)")
    }
    try bytes.write(to: URL(fileURLWithPath: "\(directory)/\(name)\(compressed ? ".gz" : "")"))
    return directory
  }

  private func compressed(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(Self.published)/\(name).gz"))
  }

  /// What `gzip` makes of the arguments.
  private func gzip(_ arguments: [String], _ input: Data) throws -> Data {
    let file = URL(fileURLWithPath: scratch.file(UUID().uuidString))
    try input.write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "--stdout"] + arguments
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let result = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return result
  }

  private func inflated(_ name: String) throws -> Data { try gzip(["--decompress"], compressed(name)) }

  @Test("fault 22: no data → 66, the paths searched, and both ways to get them")
  func missingData() throws {
    let nowhere = scratch.file("nowhere")
    expectFailure(
      try train(nowhere, ranks: 2), 66, "searched: \(nowhere)", "apt-get install dataset-fashion-mnist",
      "cnn-dist data fetch")
    let partial = try data(Self.labels, Data(), compressed: true)
    try FileManager.default.removeItem(atPath: "\(partial)/\(Self.labels).gz")
    expectFailure(try train(partial), 66, "lacks \(Self.labels).gz", "cnn-dist data fetch")
  }

  @Test(
    "fault 23: a gzip file cut, with a flipped bit, a wrong CRC, bytes behind it, or a bomb → 65, each named")
  func damagedCompressedData() throws {
    let whole = try compressed(Self.labels)
    let bomb = try gzip(["-9"], inflated(Self.labels) + Data(count: 100_000_000))
    var (flipped, checksum) = (whole, whole)
    flipped[3000] ^= 0x10
    checksum[checksum.count - 6] ^= 4
    for (bytes, message) in [
      (whole.prefix(1000), "truncated: ends after 1000 bytes"), (flipped, "damaged"), (checksum, "CRC-32"),
      (whole + Data([0, 0, 0]), "trailing bytes: 3"),
      (bomb, "inflates to more than the 10008 bytes expected"),
    ] as [(Data, String)] {
      let directory = try data(Self.labels, bytes, compressed: true)
      expectFailure(
        try train(directory, ranks: message == "damaged" ? 2 : nil), 65, message,
        "\(directory)/\(Self.labels).gz",
        "cnn-dist data fetch")
    }
  }

  @Test("fault 24: IDX files with a wrong magic, count, dimension or label → 65 with file, offset and value")
  func damagedIDX() throws {
    let (labels, images) = (try inflated(Self.labels), try inflated(Self.images))
    for (name, bytes, offset, value, message) in [
      (Self.labels, labels, 0, 0x1F, "magic number 520095745 at offset 0"),
      (Self.labels, labels, 2, 0x0D, "element type 13 at offset 2, expected 8"),
      (Self.labels, labels, 3, 3, "number of dimensions 3 at offset 3, expected 1"),
      (Self.labels, labels, 4, 0x7F, "count of labels 2130716432 at offset 4, expected 1 to 10000"),
      (Self.labels, labels, 7, 0x0F, "9999 labels at offset 4"),
      (Self.labels, labels, 1242, 10, "label 10 at offset 1242, expected 0 to 9"),
      (Self.images, images, 11, 27, "rows 27 at offset 8, expected 28"),
      (Self.images, images, 15, 29, "columns 29 at offset 12, expected 28"),
    ] as [(String, Data, Int, UInt8, String)] {
      var damaged = bytes
      damaged[offset] = value
      let directory = try data(name, damaged, compressed: false)
      expectFailure(try train(directory), 65, message, "\(directory)/\(name)")
    }
  }

  @Test("fault 25: valid files with other content → a warning with their SHA-256; --verify strict → 65")
  func unknownContent() throws {
    var labels = try inflated(Self.labels)
    labels[5000] = (labels[5000] + 1) % 10
    let directory = try data(Self.labels, labels, compressed: false)
    let warned = try train(directory, ranks: 2)
    #expect(warned.status == 0, "\(warned.errors)")
    let warnings = warned.ownErrors.filter {
      $0.contains("valid, but not the published Fashion-MNIST: SHA-256 ")
    }
    #expect(warnings.count == 1 && warnings[0].contains("\(directory)/\(Self.labels)"), "\(warned.errors)")
    expectFailure(
      try train(directory, ["--verify", "strict"]), 65, "not the published Fashion-MNIST",
      "\(directory)/\(Self.labels)")
  }
}
