import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory that processes of a machine share: one writes it when it is made, then all only read it.
///
/// It is a file in memory. Whoever made it takes its name away (``unlink()``) as soon as the others have it, so that the memory goes
/// with the last process, however that ends. A maker that is killed before leaves a file, which the next one removes.
public final class SharedSegment: @unchecked Sendable {
  public static let directory = "/dev/shm"
  /// What the names of all segments begin with; then come the maker's user, process, and a number.
  public static let prefix = "cnn-dist."

  public let path: String
  public let bytes: UnsafeRawBufferPointer
  private let owns: Bool

  private init(_ path: String, _ bytes: UnsafeRawBufferPointer, owns: Bool) {
    (self.path, self.bytes, self.owns) = (path, bytes, owns)
  }

  deinit {
    if owns { unlink() }
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// Makes a segment and has it written.
  ///
  /// - Throws: `inputOutput`, with what the system said, where there is no room: pages are taken before they are touched.
  public static func create(
    count: Int, in directory: String = directory, _ write: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(Failure) -> SharedSegment {
    precondition(count > 0, "a segment has a byte")
    let path = "\(directory)/\(prefix)\(getuid()).\(getpid()).\(UInt32.random(in: 0 ... .max))"
    let descriptor = try SystemCall.check("open", path, .inputOutput) {
      open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }
    defer { close(descriptor) }
    do throws(Failure) {
      let status = posix_fallocate(descriptor, 0, off_t(count))
      guard status == 0 else { throw SystemCall.failure("posix_fallocate", path, .inputOutput, status) }
      let address = try map(descriptor, count, PROT_READ | PROT_WRITE, path)
      write(UnsafeMutableRawBufferPointer(start: address, count: count))
      mprotect(address, count, PROT_READ)
      return SharedSegment(path, UnsafeRawBufferPointer(start: address, count: count), owns: true)
    } catch {
      _ = removeFile(path)
      throw error
    }
  }

  /// Maps a segment of another process.
  ///
  /// - Throws: `inputOutput` where there is none, or not one of `count` bytes.
  public static func existing(_ path: String, count: Int) throws(Failure) -> SharedSegment {
    let descriptor = try SystemCall.check("open", path, .inputOutput) {
      open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    }
    defer { close(descriptor) }
    var information = stat()
    try SystemCall.check("fstat", path, .inputOutput) { fstat(descriptor, &information) }
    guard Int(information.st_size) == count else {
      throw Failure(.inputOutput, "expected \(count) bytes, found \(information.st_size)", at: path)
    }
    let address = try map(descriptor, count, PROT_READ, path)
    return SharedSegment(path, UnsafeRawBufferPointer(start: address, count: count), owns: false)
  }

  /// Takes the name away; who has the segment keeps it.
  public func unlink() { _ = removeFile(path) }

  /// Removes this user's segments whose makers are gone, but for those of the last minute: their makers may live where process
  /// numbers are others.
  public static func removeStale(in directory: String = directory) {
    guard let folder = opendir(directory) else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      let parts = name.dropFirst(prefix.count).split(separator: ".")
      guard name.hasPrefix(prefix), parts.count == 3, parts[0] == "\(getuid())", let maker = pid_t(parts[1])
      else { continue }
      var information = stat()
      let isGone = kill(maker, 0) != 0 && errno == ESRCH
      guard isGone, stat("\(directory)/\(name)", &information) == 0,
        time(nil) - information.st_mtim.tv_sec > 60
      else { continue }
      _ = removeFile("\(directory)/\(name)")
    }
  }

  private static func map(
    _ descriptor: Int32, _ count: Int, _ protection: Int32, _ path: String
  ) throws(Failure) -> UnsafeMutableRawPointer {
    guard let address = mmap(nil, count, protection, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
      throw SystemCall.failure("mmap", path, .inputOutput, errno)
    }
    return address
  }
}

private func removeFile(_ path: String) -> Int32 {
  #if canImport(Glibc)
    Glibc.unlink(path)
  #else
    Darwin.unlink(path)
  #endif
}
