import Failures
import Files
import FoundationEssentials
import Glibc
import SwiftProtobuf

/// An event file of TensorBoard that is being written: records of a length, its checksum, an event, and its checksum.
package struct EventFile: ~Copyable {
  /// What TensorBoard tells event files by.
  static let prefix = "events.out.tfevents."
  private var file: GrowingFile

  /// Makes a file in a directory and writes its first records.
  ///
  /// What other files of the directory hold of `step` and later is void for a TensorBoard that has read it already: the
  /// records there are gone, but TensorBoard forgets only what it is told to.
  ///
  /// - Parameters:
  ///   - number: tells the files of a process apart.
  ///   - step: the first that will be written.
  ///   - newest: when the newest file that a TensorBoard may have read was begun: it reads files in the order of their names,
  ///     and none twice.
  /// - Throws: `cannotWrite`, `inputOutput`.
  package init(in directory: String, number: Int, startingAt step: Int, after newest: Int, time: Double)
    throws(Failure)
  {
    let seconds = max(Int(time), newest + 1)
    let name = "\(Self.prefix)\(seconds).\(MachineFacts.current.host).\(getpid()).\(number)"
    let path = "\(directory)/\(name)"
    var file = try GrowingFile(path, length: 0)
    var version = TensorBoardEvent()
    version.wallTime = time
    version.fileVersion = "brain.Event:2"
    try file.append(Self.record(try Self.bytes(of: version, for: path)))
    var start = TensorBoardEvent()
    start.wallTime = time
    start.step = Int64(step)
    start.sessionLog.status = .start
    try file.append(Self.record(try Self.bytes(of: start, for: path)))
    self.file = file
  }

  /// - Throws: `inputOutput`; the file then ends with the event before.
  package mutating func append(_ event: TensorBoardEvent) throws(Failure) {
    try file.append(Self.record(try Self.bytes(of: event, for: file.path)))
  }

  func synchronize() throws(Failure) { try file.synchronize() }

  private static func bytes(of event: TensorBoardEvent, for path: String) throws(Failure) -> [UInt8] {
    do { return try event.serializedBytes() } catch {
      throw Failure(.internalError, "an event has no bytes: \(error)", at: printable(path))
    }
  }

  // MARK: Records

  /// The bytes around an event's own: 8 of its length, and 4 of each checksum.
  package static func record(_ event: [UInt8]) -> [UInt8] {
    let length = bytes(of: UInt64(event.count))
    return length + bytes(of: masked(length[...])) + event + bytes(of: masked(event[...]))
  }

  /// Events of a file as far as it is whole, each with the bytes of its record.
  package static func events(in file: [UInt8]) -> [(event: TensorBoardEvent, record: ArraySlice<UInt8>)] {
    var events: [(event: TensorBoardEvent, record: ArraySlice<UInt8>)] = []
    var rest = file[...]
    while rest.count >= 16 {
      let length = rest.prefix(8)
      guard number(rest.dropFirst(8).prefix(4)) == UInt64(masked(length)),
        let count = Int(exactly: number(length)), count <= rest.count - 16
      else { break }
      let data = rest.dropFirst(12).prefix(count)
      guard number(rest.dropFirst(12 + count).prefix(4)) == UInt64(masked(data)),
        let event = try? TensorBoardEvent(serializedBytes: Array(data))
      else { break }
      events.append((event, rest.prefix(16 + count)))
      rest = rest.dropFirst(16 + count)
    }
    return events
  }

  /// TensorBoard's checksum: that of bytes which hold a checksum themselves would be weak, hence the rotation and the sum.
  private static func masked(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let checksum = CRC32C.checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }

  private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  // MARK: Files

  static func names(in directory: String) throws(Failure) -> [String] {
    try Directory.names(directory, code: .cannotWrite).filter { $0.hasPrefix(prefix) }.sorted()
  }

  /// When the file of this name was begun.
  private static func seconds(_ name: String) -> Int? {
    name.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) }
  }

  /// Drops what is past a step from the files of a directory, and a torn end. A file without anything left
  /// stays: a TensorBoard that is reading it would look for it for ever.
  ///
  /// - Returns: when the newest of them was begun; 0 where there were none.
  /// - Throws: `cannotWrite`, `inputOutput`.
  package static func cut(in directory: String, after step: Int) throws(Failure) -> Int {
    let names = try names(in: directory)
    for name in names {
      let path = "\(directory)/\(name)"
      let old = try OpenFile.contents(path) ?? []
      let kept = events(in: old).filter { $0.event.step <= step }
      let bytes = Array(kept.map(\.record).joined())
      guard bytes != old else { continue }
      try AtomicFile.write(to: path, code: .inputOutput) { file throws(Failure) in try file.write(bytes) }
    }
    return names.compactMap(seconds).max() ?? 0
  }
}
