import Failures
import Glibc

/// The failure of a system call, with the system's own reason. Reads `errno`, so call it first.
func systemFailure(_ code: ExitCode, _ action: String, at path: String, advice: String = "") -> Failure {
  Failure(
    code, "cannot \(action): \(String(cString: strerror(errno)))", at: printable(path), advice: advice)
}

/// Makes a directory and those above it; one that is there already is fine.
func makeDirectories(_ path: String) throws(Failure) {
  if mkdir(path, 0o755) == 0 || (errno == EEXIST && isDirectory(path)) { return }
  if errno == ENOENT, let parent = parent(of: path) {
    try makeDirectories(parent)
    if mkdir(path, 0o755) == 0 || (errno == EEXIST && isDirectory(path)) { return }
  }
  throw systemFailure(.cannotWrite, "make the directory", at: path)
}

/// The directory above `path`, or nil at the top.
func parent(of path: String) -> String? {
  var components = path.split(separator: "/", omittingEmptySubsequences: true)
  guard components.popLast() != nil else { return nil }
  if path.hasPrefix("/") { return "/" + components.joined(separator: "/") }
  if components.isEmpty { return path == "." ? nil : "." }
  return components.joined(separator: "/")
}

func isDirectory(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Everything in a file, or nil where there is none.
func contents(of path: String) throws(Failure) -> [UInt8]? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {
    if errno == ENOENT { return nil }
    throw systemFailure(.inputOutput, "open the file", at: path)
  }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    throw Failure(.inputOutput, "not a regular file", at: printable(path))
  }
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var filled = 0
  while filled < bytes.count {
    let wanted = bytes.count - filled
    let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + filled, wanted) }
    if count < 0 {
      if errno == EINTR { continue }
      throw systemFailure(.inputOutput, "read the file", at: path)
    }
    if count == 0 { break }
    filled += count
  }
  bytes.removeLast(bytes.count - filled)
  return bytes
}

/// Replaces a file in one step: a reader, or a crash at any moment, finds the old bytes or the new ones.
func replaceFile(_ path: String, with bytes: [UInt8]) throws(Failure) {
  let temporary = "\(path).tmp\(getpid())"
  let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard file >= 0 else { throw systemFailure(.inputOutput, "write the file", at: path) }
  let written = writeAll(bytes, to: file) && fsync(file) == 0
  let failure = written ? nil : systemFailure(.inputOutput, "write the file", at: path)
  close(file)
  guard failure == nil, rename(temporary, path) == 0 else {
    let failure = failure ?? systemFailure(.inputOutput, "rename the file", at: path)
    unlink(temporary)
    throw failure
  }
  synchronizeDirectory(parent(of: path) ?? ".")
}

private func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
  bytes.withUnsafeBytes { buffer in
    var done = 0
    while done < buffer.count {
      let count = write(file, buffer.baseAddress! + done, buffer.count - done)
      if count < 0 && errno != EINTR { return false }
      done += max(count, 0)
    }
    return true
  }
}

/// Makes a rename survive a power cut, where the file system can.
private func synchronizeDirectory(_ path: String) {
  let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard directory >= 0 else { return }
  fsync(directory)
  close(directory)
}
