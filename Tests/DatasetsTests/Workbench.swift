import Datasets
import Files
import Foundation
import Testing

/// A directory that goes when the test ends, to make good and bad data files in.
final class Workbench: Sendable {
  /// Where Debian's package puts the real data; tests that need it fail without it.
  static let real = FashionMNIST.standardDirectories[1]

  let path = NSTemporaryDirectory() + "cnn-dist-data-" + UUID().uuidString

  init() { mkdir(path, 0o755) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  /// Writes `name`.gz, deflated by the system's gzip.
  func writeCompressed(_ bytes: [UInt8], as name: String) throws {
    try write(bytes, as: name)
    try Self.run("gzip", "-1", "--force", "--no-name", "\(path)/\(name)")
  }

  func read(_ name: String) throws -> [UInt8] { try Self.read("\(path)/\(name)") }

  static func read(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// A real file's compressed bytes.
  static func realCompressed(_ file: FashionMNISTFile) throws -> [UInt8] {
    try read("\(real)/\(file.name).gz")
  }

  /// A real file's inflated bytes.
  static func realInflated(_ file: FashionMNISTFile) throws -> [UInt8] {
    try Gzip.inflate("\(real)/\(file.name).gz", expecting: file.bytes)
  }

  /// Makes a real file, as Debian has it, appear in the directory.
  func link(_ file: FashionMNISTFile) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/\(file.name).gz", withDestinationPath: "\(Self.real)/\(file.name).gz")
  }

  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

  static func run(_ command: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  /// The header of an IDX file of unsigned bytes.
  static func header(_ dimensions: Int...) -> [UInt8] {
    [0, 0, 8, UInt8(dimensions.count)]
      + dimensions.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } }
  }

  /// A set of `count` drawn images.
  static func drawn(_ count: Int) -> ImageSet { SyntheticGarments(seed: 11, trainCount: count).load(.train) }
}
