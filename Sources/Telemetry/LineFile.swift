import Failures
import Files

/// A text file that grows by whole lines and survives being cut anywhere: what a crash left half-written is dropped
/// when it is opened again.
struct LineFile: ~Copyable {
  private var file: GrowingFile

  /// Opens for appending, after dropping a torn last line and every line that `keep` refuses.
  ///
  /// - Parameter header: the first line of the file, written where missing.
  /// - Throws: `cannotWrite`.
  init(_ path: String, header: String? = nil, keeping keep: (ArraySlice<UInt8>) -> Bool) throws(Failure) {
    let old = try OpenFile.contents(path) ?? []
    var kept: [UInt8] = []
    kept.reserveCapacity(old.count + 128)
    if let header { kept += Array("\(header)\n".utf8) }
    var start = 0
    while let end = old[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if keep(old[start..<end]) { kept += old[start...end] }
      start = end + 1
    }
    if kept != old {
      try AtomicFile.write(to: path, code: .inputOutput) { file throws(Failure) in try file.write(kept) }
    }
    file = try GrowingFile(path, length: kept.count)
  }

  /// Appends a line, as ``GrowingFile/append(_:)``.
  mutating func append(_ line: [UInt8]) throws(Failure) { try file.append(line) }

  /// Waits until every line is on the disk, as ``GrowingFile/synchronize()``.
  func synchronize() throws(Failure) { try file.synchronize() }
}
