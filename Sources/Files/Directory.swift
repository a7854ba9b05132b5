import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What is asked of directories.
public enum Directory {
  /// What a path leads to.
  public enum Kind: Sendable { case file, directory, other }

  /// What `path` leads to, through symbolic links; nil where there is nothing.
  public static func kind(_ path: String) -> Kind? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    switch information.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
  }

  /// The directory that holds `path`.
  public static func parent(_ path: String) -> String {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// Makes a directory and those above it; one that is there already is fine.
  public static func create(_ path: String, code: ExitCode) throws(Failure) {
    if kind(path) == .directory { return }
    let above = parent(path)
    if above != path, kind(above) == nil { try create(above, code: code) }
    try SystemCall.check("mkdir", path, code) {
      let status = mkdir(path, 0o777)
      return status != 0 && errno == EEXIST && kind(path) == .directory ? 0 : status
    }
  }

  /// The names in a directory, sorted, without `.` and `..`.
  public static func names(_ path: String, code: ExitCode) throws(Failure) -> [String] {
    guard let stream = opendir(path) else { throw SystemCall.failure("opendir", path, code, errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno == 0 { return names.sorted() }
        throw SystemCall.failure("readdir", path, code, errno)
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { bytes in
        bytes.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: bytes.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Where a symbolic link points to; nil where `path` is none.
  public static func destination(ofLink path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
      let count = readlink(path, buffer.baseAddress!, buffer.count - 1)
      guard count >= 0 else { return nil }
      buffer[count] = 0
      return String(cString: buffer.baseAddress!)
    }
  }

  /// What `path` stands for, without slashes at its end: where it points to if it is a symbolic link, else itself.
  public static func followed(_ path: String) -> String {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard let target = destination(ofLink: trimmed) else { return trimmed }
    return target.hasPrefix("/") ? target : "\(parent(trimmed))/\(target)"
  }

  /// Moves `path` to `destination`, in one step, on the same file system.
  public static func rename(_ path: String, to destination: String, code: ExitCode) throws(Failure) {
    try SystemCall.check("rename", destination, code) {
      #if canImport(Glibc)
        Glibc.rename(path, destination)
      #else
        Darwin.rename(path, destination)
      #endif
    }
  }

  /// Deletes a file, a link (not what it points to), or a directory with all that it holds; nothing there is fine.
  public static func remove(_ path: String, code: ExitCode) throws(Failure) {
    var information = stat()
    guard lstat(path, &information) == 0 else { return }
    if information.st_mode & S_IFMT == S_IFDIR {
      for name in try names(path, code: code) { try remove("\(path)/\(name)", code: code) }
      try SystemCall.check("rmdir", path, code) { rmdir(path) }
    } else {
      try SystemCall.check("unlink", path, code) { unlink(path) }
    }
  }

  /// Waits until the names in the directory are on the disk.
  public static func synchronize(_ path: String, code: ExitCode) throws(Failure) {
    let descriptor = try SystemCall.check("open", path, code) {
      open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { close(descriptor) }
    try SystemCall.check("fsync", path, code) {
      let status = fsync(descriptor)
      // Some network file systems cannot do this for directories and say EINVAL; they order renames themselves.
      return status != 0 && errno == EINVAL ? 0 : status
    }
  }
}
