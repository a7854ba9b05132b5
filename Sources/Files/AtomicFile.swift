import Failures

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Files, directories and links that are either the old or the new one, whole, whenever the program or the
/// machine stops.
///
/// Everything is made under a temporary name in the same directory, brought to the disk, renamed over the
/// final name, and the rename is brought to the disk too.
public enum AtomicFile {
  /// Writes a file through `body`, then publishes it as `path`; a failure leaves what was there.
  public static func write(
    to path: String, code: ExitCode = .cannotWrite, _ body: (OpenFile) throws(Failure) -> Void
  ) throws(Failure) {
    try replace(path, code: code) { temporary throws(Failure) in
      let file = try OpenFile.creating(temporary, code: code)
      try body(file)
      return file
    }
  }

  /// Publishes as `path` what `body` writes under the name that it is given, and returns open; a failure leaves what was there.
  public static func replace(
    _ path: String, code: ExitCode = .cannotWrite, _ body: (String) throws(Failure) -> OpenFile
  ) throws(Failure) {
    let temporary = temporaryName(for: path)
    do throws(Failure) {
      try body(temporary).synchronize()
      try Directory.rename(temporary, to: path, code: code)
    } catch {
      unlink(temporary)
      throw error
    }
    try Directory.synchronize(Directory.parent(path), code: code)
  }

  /// Writes a small file.
  public static func write(
    _ text: String, to path: String, code: ExitCode = .cannotWrite
  ) throws(Failure) {
    let bytes = Array(text.utf8)
    try write(to: path, code: code) { file throws(Failure) in try file.write(bytes) }
  }

  /// Publishes a directory whose files are written: files and directory to the disk, then the new name, then
  /// its parent.
  ///
  /// `destination` must not hold anything yet. `before` is told each step just before it is made.
  public static func publish(
    directory: String, as destination: String, code: ExitCode,
    before: (PublishingStep) throws(Failure) -> Void = { _ in }
  ) throws(Failure) {
    try before(.synchronize)
    for name in try Directory.names(directory, code: code) {
      try OpenFile.reading("\(directory)/\(name)", code: code, missing: code).synchronize()
    }
    try Directory.synchronize(directory, code: code)
    try before(.rename)
    try Directory.rename(directory, to: destination, code: code)
    try before(.synchronizeParent)
    try Directory.synchronize(Directory.parent(destination), code: code)
  }

  /// What is about to happen to a directory that is being published.
  public enum PublishingStep: Sendable { case synchronize, rename, synchronizeParent }

  /// Makes the symbolic link `path` point to `target`, whatever it was before.
  public static func link(_ path: String, to target: String, code: ExitCode = .cannotWrite) throws(Failure) {
    let temporary = temporaryName(for: path)
    do throws(Failure) {
      unlink(temporary)
      try SystemCall.check("symlink", temporary, code) { symlink(target, temporary) }
      try Directory.rename(temporary, to: path, code: code)
    } catch {
      unlink(temporary)
      throw error
    }
    try Directory.synchronize(Directory.parent(path), code: code)
  }

  /// What temporary names start with: a file that a killed program left under such a name belongs to nobody.
  public static let temporaryPrefix = ".tmp-"

  /// A name beside `path` that no other process uses.
  public static func temporaryName(for path: String) -> String {
    let slash = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
    return path[..<slash] + temporaryPrefix + path[slash...] + "-\(getpid())"
  }
}
