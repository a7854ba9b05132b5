import Failures
import Glibc

/// A file that grows by whole records, each by one `write`; a record that does not fit on the disk is taken back.
struct GrowingFile: ~Copyable {
  let path: String
  private let file: Int32
  /// Bytes of whole records.
  private var length: Int

  /// Opens the file, or makes it.
  ///
  /// - Parameter length: bytes that it has.
  /// - Throws: `cannotWrite`.
  init(_ path: String, length: Int) throws(Failure) {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw systemFailure(.cannotWrite, "open the file", at: path) }
    self.path = path
    self.file = file
    self.length = length
  }

  deinit { close(file) }

  /// Appends a record; a reader never sees two mixed.
  ///
  /// - Throws: `inputOutput`; the file then ends with the record before.
  mutating func append(_ record: [UInt8]) throws(Failure) {
    while true {
      let count = record.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count == record.count { break }
      if count < 0 && errno == EINTR { continue }
      // A disk that fills up takes a part of the record and says why only when asked for the rest.
      if count >= 0 { errno = ENOSPC }
      let failure = systemFailure(
        .inputOutput, "append to the file", at: path, advice: "free space on its file system")
      _ = ftruncate(file, off_t(length))
      throw failure
    }
    length += record.count
  }

  /// Waits until every record is on the disk.
  ///
  /// - Throws: `inputOutput`.
  func synchronize() throws(Failure) {
    guard fsync(file) == 0 else { throw systemFailure(.inputOutput, "save the file", at: path) }
  }
}
