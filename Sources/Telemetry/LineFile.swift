import Failures
import Files
import Glibc

/// A text file that grows by whole lines and survives being cut anywhere: what a crash left half-written is dropped
/// when it is opened again, and a line that does not fit on the disk is taken back.
struct LineFile: ~Copyable {
  let path: String
  private let file: Int32
  /// Bytes of whole lines.
  private var length: Int

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
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw systemFailure(.cannotWrite, "open the file", at: path) }
    self.path = path
    self.file = file
    self.length = kept.count
  }

  deinit { close(file) }

  /// Appends a line by one `write`; a reader never sees lines mixed.
  ///
  /// - Throws: `inputOutput`; the file then ends with the line before.
  mutating func append(_ line: [UInt8]) throws(Failure) {
    while true {
      let count = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count == line.count { break }
      if count < 0 && errno == EINTR { continue }
      // A disk that fills up takes a part of the line and says why only when asked for the rest.
      if count >= 0 { errno = ENOSPC }
      let failure = systemFailure(
        .inputOutput, "append a line", at: path, advice: "free space on its file system")
      _ = ftruncate(file, off_t(length))
      throw failure
    }
    length += line.count
  }

  /// Waits until every line is on the disk.
  ///
  /// - Throws: `inputOutput`.
  func synchronize() throws(Failure) {
    guard fsync(file) == 0 else { throw systemFailure(.inputOutput, "save the file", at: path) }
  }
}
