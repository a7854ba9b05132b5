import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open regular file that closes itself: whole reads and writes, every one checked.
///
/// Reads name their position, so that threads can share a file that is only read.
public final class OpenFile: Sendable {
  public let path: String
  private let descriptor: Int32
  private let code: ExitCode

  private init(_ path: String, descriptor: Int32, code: ExitCode) {
    self.path = path
    self.descriptor = descriptor
    self.code = code
  }

  deinit { close(descriptor) }

  /// Opens an existing file.
  ///
  /// - Throws: `missing` when there is none, `code` when it cannot be read or is not a regular file.
  public static func reading(
    _ path: String, code: ExitCode = .inputOutput, missing: ExitCode = .missingInput
  ) throws(Failure) -> OpenFile {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = try SystemCall.check("open", path, code, missing: missing) {
      open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    }
    let file = OpenFile(path, descriptor: descriptor, code: code)
    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw Failure(code, "not a file", at: path) }
    return file
  }

  /// Everything in a file, or nil where there is none.
  public static func contents(_ path: String, code: ExitCode = .inputOutput) throws(Failure) -> [UInt8]? {
    guard Directory.kind(path) != nil else { return nil }
    let file = try reading(path, code: code)
    return try file.bytes(try file.size())
  }

  /// Creates a file, or empties the one that is there.
  public static func creating(_ path: String, code: ExitCode) throws(Failure) -> OpenFile {
    let descriptor = try SystemCall.check("open", path, code) {
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    }
    return OpenFile(path, descriptor: descriptor, code: code)
  }

  /// Bytes in the file.
  public func size() throws(Failure) -> Int { Int(try status().st_size) }

  private func status() throws(Failure) -> stat {
    var information = stat()
    try SystemCall.check("fstat", path, code) { fstat(descriptor, &information) }
    return information
  }

  /// Appends `bytes`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    var done = 0
    while done < bytes.count {
      done += try SystemCall.check("write", path, code) {
        #if canImport(Glibc)
          Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #else
          Darwin.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #endif
      }
    }
  }

  /// Overwrites what is there from `offset` on.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Failure) {
    var done = 0
    while done < bytes.count {
      done += try SystemCall.check("pwrite", path, code) {
        pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
    }
  }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws(Failure) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in try write(UnsafeRawBufferPointer(bytes)) }
  }

  /// Overwrites what is there from `offset` on.
  public func write(_ bytes: [UInt8], at offset: Int) throws(Failure) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try write(UnsafeRawBufferPointer(bytes), at: offset)
    }
  }

  /// Fills `bytes` from `offset` on and returns how many there were: fewer only at the end of the file.
  public func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(Failure) -> Int {
    var done = 0
    while done < bytes.count {
      let count = try SystemCall.check("pread", path, code) {
        pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// The `count` bytes from `offset` on; fewer only at the end of the file.
  public func bytes(_ count: Int, at offset: Int = 0) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = try bytes.withUnsafeMutableBufferPointer { (bytes) throws(Failure) in
      try read(into: UnsafeMutableRawBufferPointer(bytes), at: offset)
    }
    bytes.removeLast(count - found)
    return bytes
  }

  /// Waits until the file's bytes are on the disk.
  public func synchronize() throws(Failure) {
    try SystemCall.check("fsync", path, code) { fsync(descriptor) }
  }

  /// Asks the system to forget its copy of bytes that are on the disk, so that whoever reads the file reads the disk.
  public func forget() {
    #if canImport(Glibc)
      posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    #endif
  }
}
