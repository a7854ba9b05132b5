import CZlib
import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Inflates gzip files (RFC 1952) whose length is known beforehand, so that a damaged or hostile one costs no more memory
/// than an honest one.
public enum Gzip {
  /// The whole content of a gzip file of one member.
  ///
  /// Never inflates past `size` + 1 bytes.
  /// - Throws: `badData` with its own text for a file that is not gzip, is truncated, has a wrong checksum, inflates to
  ///   more or fewer bytes than `size`, or goes on after its end; `missingInput` if it cannot be opened.
  public static func inflate(_ path: String, expecting size: Int) throws(Failure) -> [UInt8] {
    let inflater = try Inflater(path)
    let bytes = try inflater.bytes(atMost: size + 1)
    guard bytes.count <= size else {
      throw Failure(.badData, "inflates to more than the \(size) bytes expected", at: path)
    }
    guard bytes.count == size else {
      throw Failure(.badData, "inflates to \(bytes.count) bytes, expected \(size)", at: path)
    }
    try inflater.expectEndOfFile()
    return bytes
  }

  /// The first `count` bytes of the content, or all of it where it is shorter; nothing past them is read or checked.
  ///
  /// - Throws: as ``inflate(_:expecting:)`` for damage within those bytes.
  public static func prefix(_ path: String, count: Int) throws(Failure) -> [UInt8] {
    try Inflater(path).bytes(atMost: count)
  }
}

/// One gzip file on its way through zlib.
private final class Inflater {
  private let file: SourceFile
  /// On the heap, because zlib refuses a stream whose address has changed.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  private var ended = false

  init(_ path: String) throws(Failure) {
    file = try SourceFile(path)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    input = .allocate(byteCount: 1 << 18, alignment: 16)
    // 15 bits of window, and 16 for gzip's header and trailer alone: no bare zlib stream.
    try check(inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)))
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// The next bytes of the content, up to `limit`, or fewer where the content ends.
  func bytes(atMost limit: Int) throws(Failure) -> [UInt8] {
    var outcome: Result<Void, Failure> = .success(())
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      do throws(Failure) { count = try inflate(into: buffer) } catch { outcome = .failure(error) }
    }
    try outcome.get()
    return bytes
  }

  private func inflate(into output: UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Int {
    var written = 0
    while written < output.count && !ended {
      if stream.pointee.avail_in == 0 {
        let count = try file.read(into: input)
        if count == 0 {
          throw Failure(
            .badData, "truncated: ends after \(file.size) bytes, in the middle of the gzip data",
            at: file.path)
        }
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = uInt(count)
      }
      let room = uInt(min(output.count - written, 1 << 30))
      stream.pointee.next_out = output.baseAddress! + written
      stream.pointee.avail_out = room
      let status = CZlib.inflate(stream, Z_NO_FLUSH)
      written += Int(room - stream.pointee.avail_out)
      try check(status)
      ended = status == Z_STREAM_END
    }
    return written
  }

  /// Throws unless the gzip member that has just ended is the last thing in the file.
  func expectEndOfFile() throws(Failure) {
    let trailing = file.size - Int(stream.pointee.total_in)
    if trailing > 0 {
      throw Failure(.badData, "trailing bytes: \(trailing) after the end of the gzip data", at: file.path)
    }
  }

  /// The one place where a zlib status becomes an error.
  private func check(_ status: Int32) throws(Failure) {
    if status == Z_OK || status == Z_STREAM_END { return }
    let message = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
    let offset = stream.pointee.total_in
    let what =
      switch (status, message) {
      case (Z_DATA_ERROR, "incorrect header check"): "not a gzip file: it does not begin with 1f 8b"
      case (Z_DATA_ERROR, "incorrect data check"): "damaged: the CRC-32 of the content is wrong"
      case (Z_DATA_ERROR, "incorrect length check"): "damaged: the length after the content is wrong"
      case (Z_DATA_ERROR, _): "damaged gzip data near byte \(offset): \(message)"
      default: "zlib failed at byte \(offset): \(message)"
      }
    throw Failure(status == Z_MEM_ERROR ? .internalError : .badData, what, at: file.path)
  }
}

/// A file opened for reading from its beginning to its end.
package final class SourceFile {
  package let path: String
  /// Its length in bytes when it was opened.
  package let size: Int
  private let descriptor: Int32

  /// - Throws: `missingInput` if it cannot be opened or is no regular file.
  package init(_ path: String) throws(Failure) {
    // Not blocking, for a pipe without a writer would never open; a regular file knows no difference.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw Failure(.missingInput, "cannot be opened: \(String(cString: strerror(errno)))", at: path)
    }
    self.path = path
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Failure(.missingInput, "is not a regular file", at: path)
    }
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` as far as the file reaches and returns how much that was: zero at the end.
  ///
  /// - Throws: `inputOutput` if the system cannot read.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var filled = 0
    while filled < buffer.count {
      #if canImport(Glibc)
        let count = Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #else
        let count = Darwin.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      #endif
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw Failure(.inputOutput, "cannot be read: \(String(cString: strerror(errno)))", at: path)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}
