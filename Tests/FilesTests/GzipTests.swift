import Failures
import Files
import Foundation
import Testing

@Suite struct GzipTests {
  let directory = GzipDirectory()

  @Test(arguments: [0, 1, 2, 255, 65_536, 1_000_003])
  func inflatesWhatGzipDeflated(size: Int) throws {
    let content = GzipDirectory.content(size)
    let path = try directory.compress(content)
    #expect(try Gzip.inflate(path, expecting: size) == content)
    #expect(try Gzip.prefix(path, count: 100) == Array(content.prefix(100)))
  }

  @Test func everyLevelAndHeaderIsRead() throws {
    let content = GzipDirectory.content(50_000)
    for options in [["-1"], ["-9"], ["--name"], ["--no-name"]] {
      let path = try directory.compress(content, options)
      #expect(try Gzip.inflate(path, expecting: content.count) == content)
    }
  }

  @Test func truncatedAnywhere() throws {
    let whole = try directory.read(directory.compress(GzipDirectory.content(300)))
    for length in whole.indices {
      let path = try directory.write(Array(whole[..<length]))
      let failure = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 300) }
      #expect(failure?.code == .badData)
      #expect(failure?.what.hasPrefix("truncated: ends after \(length) bytes") == true)
      #expect(failure?.location == path)
    }
  }

  @Test func wrongChecksumAndLength() throws {
    let whole = try directory.read(directory.compress(GzipDirectory.content(300)))
    for place in 1...8 {
      var bytes = whole
      bytes[bytes.count - place] ^= 0x10
      let path = try directory.write(bytes)
      let failure = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 300) }
      #expect(failure?.code == .badData)
      #expect(failure?.what.contains(place <= 4 ? "length" : "CRC-32") == true)
    }
  }

  /// A flipped bit is found, or was one that says nothing about the content.
  @Test func noFlippedBitGoesUnseen() throws {
    let content = GzipDirectory.content(200)
    let whole = try directory.read(directory.compress(content, ["--no-name"]))
    var found = 0
    for bit in 0..<8 * whole.count {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      let path = try directory.write(bytes)
      do throws(Failure) {
        let inflated = try Gzip.inflate(path, expecting: content.count)
        #expect(inflated == content)
      } catch {
        #expect(error.code == .badData)
        found += 1
      }
    }
    // Time, extra flags, system and one flag are bytes 3 to 9 of the header; fewer than 8 bits fill up the last byte
    // of the data.
    #expect(found > 8 * (whole.count - 7) - 8)
  }

  @Test func trailingBytes() throws {
    let content = GzipDirectory.content(300)
    let whole = try directory.read(directory.compress(content))
    for tail in [[0], [UInt8](repeating: 7, count: 500_000), whole] as [[UInt8]] {
      let path = try directory.write(whole + tail)
      let failure = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 300) }
      #expect(failure?.code == .badData)
      #expect(failure?.what == "trailing bytes: \(tail.count) after the end of the gzip data")
    }
  }

  @Test func tooLongAndTooShort() throws {
    let path = try directory.compress(GzipDirectory.content(300))
    let long = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 299) }
    #expect(long?.code == .badData)
    #expect(long?.what == "inflates to more than the 299 bytes expected")
    let short = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 301) }
    #expect(short?.code == .badData)
    #expect(short?.what == "inflates to 300 bytes, expected 301")
  }

  @Test func notGzip() throws {
    for bytes in [[UInt8](repeating: 0x41, count: 100), [0x78, 0x9c] + [UInt8](repeating: 0, count: 50)] {
      let path = try directory.write(bytes)
      let failure = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 300) }
      #expect(failure?.code == .badData)
      #expect(failure?.what.hasPrefix("not a gzip file") == true)
    }
  }

  /// 16 GiB in 16 MB: inflating all of it takes many seconds, and as much memory. That it takes next to no time shows
  /// that it stopped.
  @Test("fault 23: 16 GiB in 16 MB of gzip → refused past the expected size and one byte, in no time")
  func bombIsNotInflated() throws {
    let path = directory.newPath()
    try GzipDirectory.run(
      "python3", "-c",
      """
      import sys, zlib
      deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
      head = deflate.compress(b"") + deflate.flush(zlib.Z_FULL_FLUSH)
      part = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
      open(sys.argv[1], "wb").write(head + part * (1 << 14))
      """, path)
    var begin = timespec()
    var end = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin)
    let failure = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 1_000_000) }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
    #expect(failure?.code == .badData)
    #expect(failure?.what == "inflates to more than the 1000000 bytes expected")
    #expect(end.tv_sec - begin.tv_sec <= 1)
  }

  @Test func filesThatCannotBeRead() throws {
    let pipe = directory.newPath()
    mkfifo(pipe, 0o644)
    for path in [directory.newPath(), directory.path, pipe] {
      let failure = #expect(throws: Failure.self) { try Gzip.inflate(path, expecting: 300) }
      #expect(failure?.code == .missingInput)
      #expect(failure?.location == path)
    }
  }
}

/// A directory that goes when the test ends, and what it takes to fill it.
final class GzipDirectory: Sendable {
  let path = NSTemporaryDirectory() + "cnn-dist-files-" + UUID().uuidString

  init() { mkdir(path, 0o755) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func newPath() -> String { "\(path)/\(UUID().uuidString)" }

  /// Writes a file, over the one written last.
  func write(_ bytes: [UInt8]) throws -> String {
    let path = path + "/file"
    // A new file: to shorten one of its own makes ext4 wait for the disk.
    unlink(path)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  /// Compresses with the system's gzip.
  func compress(_ bytes: [UInt8], _ options: [String] = []) throws -> String {
    let path = try write(bytes)
    try Self.run("gzip", ["--force"] + options + [path])
    return path + ".gz"
  }

  /// Bytes that deflate neither to nothing nor not at all.
  static func content(_ count: Int) -> [UInt8] {
    (0..<count).map { (index: Int) -> UInt8 in UInt8(truncatingIfNeeded: (index &* index) >> 7 ^ index / 3) }
  }

  static func run(_ command: String, _ arguments: String...) throws { try run(command, arguments) }

  static func run(_ command: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}
