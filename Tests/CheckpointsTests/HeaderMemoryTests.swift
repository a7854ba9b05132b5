import Checkpoints
import Failures
import Foundation
import Testing

/// Headers that take more room in memory than in the file, if one is careless.
enum HostileHeader: String, CaseIterable, Codable, Sendable {
  case manyTensors, manyNames, manyMetadata, longShapes, longValue, longName, padding, manyTensorsWithData

  /// Where reading it ends.
  var message: String? {
    switch self {
    case .manyTensors, .manyNames, .manyMetadata, .longShapes:
      "header: too many entries for a file of this size"
    case .longName: "header: a name of 8000000 bytes at byte 2"
    case .longValue, .padding, .manyTensorsWithData: nil
    }
  }

  func file() -> [UInt8] {
    let ending = "\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
    func objects(_ count: Int, _ entry: (Int) -> String) -> String {
      "{" + (0..<count).map(entry).joined(separator: ",") + "}"
    }
    switch self {
    case .manyTensors:
      return safetensors(objects(150_000) { "\"\($0)\":{\(ending)" })
    case .manyNames:
      let long = String(repeating: "n", count: 1000)
      return safetensors(objects(8_000) { "\"\($0)\(long)\":{\(ending)" })
    case .manyMetadata:
      return safetensors("{\"__metadata__\":\(objects(800_000) { "\"\($0)\":\"\"" })}")
    case .longShapes:
      let ones = String(repeating: ",1", count: 63)
      return safetensors(
        objects(50_000) { "\"\($0)\":{\"dtype\":\"F32\",\"shape\":[0\(ones)],\"data_offsets\":[0,0]}" })
    case .longValue:
      return safetensors("{\"__metadata__\":{\"note\":\"\(String(repeating: "v", count: 8_000_000))\"}}")
    case .longName:
      return safetensors("{\"\(String(repeating: "n", count: 8_000_000))\":{\(ending)}")
    case .padding:
      return safetensors("{}" + String(repeating: " ", count: 8_000_000))
    case .manyTensorsWithData:
      let header = objects(10_000) {
        "\"\($0)\":{\"dtype\":\"F32\",\"shape\":[250],\"data_offsets\":[\($0 * 1000),\($0 * 1000 + 1000)]}"
      }
      return safetensors(header, data: 10_000_000)
    }
  }
}

/// The kernel's own count of this process: `VmRSS`, or its highest value `VmHWM` since it was last reset. In bytes.
private func memory(_ field: String) -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
  return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    ?? -1
}

/// Each file is read by a process of its own, which measures the most memory that it ever had.
@Suite(.serialized) struct HeaderMemoryTests {
  @Test(
    "fault 13: headers that want much memory → at most the file's size and 1 MiB",
    arguments: HostileHeader.allCases)
  func readingCostsTheFileAndAMebibyte(header: HostileHeader) async throws {
    let directory = TemporaryDirectory()
    let path = directory.file("hostile")
    try write(header.file(), to: path)
    await #expect(processExitsWith: .success) { [header = header as HostileHeader, path = path as String] in
      // Once for whatever a first failure or a first file brings into memory.
      _ = openFailure("/dev/null")
      let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
      try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
      let before = memory("VmRSS")
      let thrown = openFailure(path)
      let cost = memory("VmHWM") - before
      #expect(thrown?.what == header.message)
      #expect(before > 0)
      #expect(cost <= size + 1 << 20, "\(cost) bytes for a file of \(size)")
    }
  }
}
