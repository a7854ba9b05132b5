import Failures
import Foundation
import Testing

import Files

@Suite struct SharedSegmentTests {
  private func scratch() throws -> String {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    return directory
  }

  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory)
  }

  @Test func whatOneWritesAnotherReads() throws {
    let directory = try scratch()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let made = try SharedSegment.create(count: 10_000, in: directory) { bytes in
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index) }
    }
    let other = try SharedSegment.existing(made.path, count: 10_000)
    #expect(other.bytes.indices.allSatisfy { other.bytes[$0] == UInt8(truncatingIfNeeded: $0) })
    // Without a name it stays where it is mapped.
    made.unlink()
    #expect(try names(directory).isEmpty && other.bytes[257] == 1)
  }

  @Test func itsNameGoesWithItsMaker() throws {
    let directory = try scratch()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var made: SharedSegment? = try SharedSegment.create(count: 1, in: directory) { _ in }
    #expect(try names(directory).count == 1 && made != nil)
    made = nil
    #expect(try names(directory).isEmpty)
  }

  @Test func noRoomIsSaidAndLeavesNothing() throws {
    let before = Set(try names(SharedSegment.directory).filter { $0.hasPrefix(SharedSegment.prefix) })
    let failure = #expect(throws: Failure.self) {
      try SharedSegment.create(count: 1 << 44) { _ in Issue.record("there is no such memory") }
    }
    #expect(failure?.code == .inputOutput && failure?.what.hasPrefix("posix_fallocate: ") == true)
    let own = "\(SharedSegment.prefix)\(getuid()).\(getpid())."
    let after = try names(SharedSegment.directory).filter { $0.hasPrefix(own) }
    #expect(Set(after).subtracting(before).isEmpty)
  }

  @Test func anotherLengthIsRefused() throws {
    let directory = try scratch()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let made = try SharedSegment.create(count: 100, in: directory) { _ in }
    #expect(throws: Failure.self) { try SharedSegment.existing(made.path, count: 101) }
    #expect(throws: Failure.self) { try SharedSegment.existing(made.path + "x", count: 100) }
  }

  /// A process number above the kernel's largest is nobody's.
  @Test func onlyOldOnesOfTheDeadAreRemoved() throws {
    let directory = try scratch()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let (user, dead) = (getuid(), 2_000_000_000)
    let old = [
      "cnn-dist.\(user).\(dead).1", "cnn-dist.\(user).\(getpid()).1", "cnn-dist.\(user).x.1",
      "other.\(user).\(dead).1",
    ]
    for name in old + ["cnn-dist.\(user).\(dead).2"] {
      try Data([1]).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }
    for name in old {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -120)], ofItemAtPath: "\(directory)/\(name)")
    }
    SharedSegment.removeStale(in: directory)
    #expect(try Set(names(directory)) == Set(old.dropFirst() + ["cnn-dist.\(user).\(dead).2"]))
  }
}
