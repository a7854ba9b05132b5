import Failures
import FoundationEssentials
import Glibc
import Synchronization

/// The exclusive right to a directory: `flock` on a file that says who holds it.
///
/// The kernel frees the lock when its holder ends, however it ends; a file left behind locks nothing. The lock belongs
/// to the open file, so it works between processes and between threads of one process, and child processes that are
/// started meanwhile do not inherit it.
///
/// A holder whose lock is taken away finds out when it next asks. What must not be cut in two by that, it does in
/// ``whileHeld(_:)``: who takes the lock away first waits for its end, and from then on nothing is begun any more.
public final class FileLock: Sendable {
  /// Who holds a lock, as the lock file keeps it (JSON).
  public struct Owner: Codable, Equatable, Sendable {
    public var host: String
    public var pid: Int32
    /// When the lock was taken, UTC, as in `2025-11-21T01:17:00Z`.
    public var started: String

    public init(host: String, pid: Int32, started: String) {
      self.host = host
      self.pid = pid
      self.started = started
    }

    /// This process, now.
    public static var current: Owner {
      var name = [CChar](repeating: 0, count: 256)
      gethostname(&name, name.count - 1)
      let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      return Owner(host: host, pid: getpid(), started: Date().ISO8601Format())
    }
  }

  public let path: String
  /// What it protects, as messages name it.
  private let directory: String
  /// The open lock file, or -1 once released.
  private let descriptor: Mutex<Int32>

  /// Takes the lock without waiting.
  ///
  /// - Parameters:
  ///   - path: the lock file; made where missing, in a directory that exists.
  ///   - directory: what it protects, as messages name it.
  ///   - force: takes the lock from whoever holds it, and goes without one where the file system has no locks.
  ///   - patience: how many seconds what its holder does in ``whileHeld(_:)`` may still take; after that it keeps the lock.
  /// - Throws: `cannotWrite`, naming host, pid and start of the holder.
  public init(
    _ path: String, of directory: String, owner: Owner = .current, force: Bool = false,
    patience: Double = 60
  ) throws(Failure) {
    let opened =
      force
      ? try Self.replace(path, directory, owner, patience) : try Self.acquire(path, directory, owner)
    self.path = path
    self.directory = directory
    self.descriptor = Mutex(opened)
  }

  deinit { release() }

  /// Whether this process still has the lock: false once released, or taken away by `force`.
  public var isHeld: Bool {
    descriptor.withLock { $0 >= 0 && Self.isFile($0, at: path) }
  }

  /// - Throws: `cannotWrite` where the lock was released or taken away, or its file is gone.
  public func checkHeld() throws(Failure) {
    guard !isHeld else { return }
    let isThere = Directory.kind(path) != nil
    throw Failure(
      .cannotWrite, isThere ? "another job took over the run directory" : "the lock file is gone",
      at: isThere ? directory : path)
  }

  /// Does what must not be cut in two by another job that takes the lock away: that job waits for its end. Not to be nested.
  ///
  /// - Throws: `cannotWrite` as ``checkHeld()``, `inputOutput` where it cannot be found out, and what `body` throws.
  public func whileHeld<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let file = try Self.openUse(path, code: .inputOutput)
    // Only a job that takes over is in the way, and only for a moment. Where there are no locks, the check has to do.
    while flock(file, LOCK_EX) != 0, errno == EINTR {}
    defer { Self.letGo(file) }
    try checkHeld()
    return try body()
  }

  /// Gives the lock up. More calls do nothing.
  public func release() {
    descriptor.withLock { file in
      guard file >= 0 else { return }
      if Self.isFile(file, at: path) { _ = ftruncate(file, 0) }
      Self.letGo(file)
      file = -1
    }
  }

  private static func letGo(_ file: Int32) {
    // A child that is being started has a copy of the descriptor until it runs its program; closing ours is not enough.
    _ = flock(file, LOCK_UN)
    close(file)
  }

  /// The file that is locked in ``whileHeld(_:)``. It is never replaced: all holders, one after another, lock the same.
  private static func openUse(_ path: String, code: ExitCode) throws(Failure) -> Int32 {
    let file = open("\(path).use", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard file >= 0 else { throw refused("open the lock file", "\(path).use", code) }
    return file
  }

  private static func acquire(_ path: String, _ directory: String, _ owner: Owner) throws(Failure) -> Int32 {
    while true {
      // The lock file is never deleted, or a new job could lock a name while another still holds the old file.
      let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard file >= 0 else { throw refused("open the lock file", path) }
      if flock(file, LOCK_EX | LOCK_NB) != 0 {
        let error = errno
        defer { close(file) }
        if error == EINTR { continue }
        guard error == EWOULDBLOCK else {
          throw Failure(
            .cannotWrite, "the file system cannot lock it: \(reason(error))", at: path,
            advice: "make sure that no other job uses \(directory), then pass --force-unlock")
        }
        throw held(path, directory, by: holder(of: file))
      }
      guard isFile(file, at: path) else {
        // Somebody forced the lock between our open and our flock.
        close(file)
        continue
      }
      do throws(Failure) {
        try record(owner, in: file, path)
      } catch {
        close(file)
        throw error
      }
      return file
    }
  }

  /// Puts a new locked file in the place of the old one; the old holder then finds that it holds nothing.
  private static func replace(
    _ path: String, _ directory: String, _ owner: Owner, _ patience: Double
  ) throws(Failure) -> Int32 {
    // Kept until the lock is replaced: its holder then begins nothing between the two.
    let use = try waitForUse(path, directory, patience)
    defer { letGo(use) }
    let temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
    let file = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw refused("make a lock file", path) }
    // Where the file system has no locks this fails, and the job goes on without: that is what force means.
    _ = flock(file, LOCK_EX | LOCK_NB)
    do throws(Failure) {
      try record(owner, in: file, path)
      guard rename(temporary, path) == 0 else {
        throw refused("replace the lock file", path)
      }
    } catch {
      unlink(temporary)
      close(file)
      throw error
    }
    return file
  }

  /// Waits for the end of what a holder does in ``whileHeld(_:)``, and keeps it from beginning more.
  private static func waitForUse(
    _ path: String, _ directory: String, _ patience: Double
  ) throws(Failure) -> Int32 {
    let file = try openUse(path, code: .cannotWrite)
    let deadline = ContinuousClock.now + .seconds(patience)
    while flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
      guard ContinuousClock.now < deadline else {
        close(file)
        throw Failure(
          .cannotWrite, "\(name(holder(at: path))) still writes in \(directory)", at: path,
          advice: "end it, then start again")
      }
      // A holder may save again at once: the moments between are short.
      usleep(500)
    }
    return file
  }

  private static func held(_ path: String, _ directory: String, by owner: Owner?) -> Failure {
    Failure(
      .cannotWrite, "\(directory) is in use by \(name(owner))", at: path,
      advice: "wait for it to end, choose another directory with --run, or take it over with --force-unlock")
  }

  private static func name(_ owner: Owner?) -> String {
    owner.map { "process \($0.pid) on \($0.host) since \($0.started)" } ?? "another process"
  }

  private static func record(_ owner: Owner, in file: Int32, _ path: String) throws(Failure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = ((try? encoder.encode(owner)) ?? Data()) + Data("\n".utf8)
    let written = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    guard written == text.count, ftruncate(file, off_t(text.count)) == 0 else {
      throw refused("write the lock file", path)
    }
  }

  /// Whether anybody has the lock of a file, as far as can be told without taking it, which would be in the way of a job that
  /// starts: a file that names nobody was let go, and a process of this machine can be looked for.
  public static func isHeld(_ path: String) -> Bool {
    guard let owner = holder(at: path) else { return false }
    return owner.host != Owner.current.host || kill(owner.pid, 0) == 0 || errno != ESRCH
  }

  private static func holder(at path: String) -> Owner? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return holder(of: file)
  }

  /// Reads who holds the lock; the holder may be about to write it, so an unreadable file is read again for a moment.
  private static func holder(of file: Int32) -> Owner? {
    for attempt in 0..<20 {
      if attempt > 0 { usleep(10_000) }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = pread(file, &bytes, bytes.count, 0)
      if count > 0, let owner = try? JSONDecoder().decode(Owner.self, from: Data(bytes.prefix(count))) {
        return owner
      }
    }
    return nil
  }

  /// Whether `path` still names the open file. A file system that does not answer says nothing about that.
  private static func isFile(_ file: Int32, at path: String) -> Bool {
    var mine = stat()
    var theirs = stat()
    guard lstat(path, &theirs) == 0 else { return errno != ENOENT }
    // What was replaced on a server is gone there.
    guard fstat(file, &mine) == 0 else { return errno != ESTALE }
    return mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino
  }

  private static func refused(
    _ action: String, _ path: String, _ code: ExitCode = .cannotWrite
  ) -> Failure {
    Failure(code, "cannot \(action): \(reason(errno))", at: path)
  }

  private static func reason(_ error: Int32) -> String { String(cString: strerror(error)) }
}
