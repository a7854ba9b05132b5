import Failures
import Files
import FoundationEssentials
import Glibc

/// The coordinator's hold on a run directory: made, found writable and large enough, and locked.
public final class RunDirectory: Sendable {
  public let paths: RunPaths
  /// Held by this job, until another takes it with `--force-unlock`.
  public let lock: FileLock

  private init(_ paths: RunPaths, lock: FileLock) {
    self.paths = paths
    self.lock = lock
  }

  /// Makes and locks `<root>/<model>-<n>`, where n is one more than the largest there is.
  ///
  /// - Parameter bytes: room that the run needs, usually two checkpoints.
  /// - Throws: `cannotWrite` where it cannot be written or has no room.
  public static func create(
    model: String, under root: String = "runs", needing bytes: Int = 0
  ) throws(Failure) -> RunDirectory {
    precondition(!model.contains("/") && !model.isEmpty, "a model's name is a file name")
    try checkRoom(root, needing: bytes)
    try Directory.create(root, code: .cannotWrite)
    var number = (try numbers(of: model, under: root).last ?? 0) + 1
    while true {
      let paths = RunPaths("\(root)/\(model)-\(number)")
      // mkdir decides between two jobs that start together: one gets the name, the other the next.
      if mkdir(paths.directory, 0o755) == 0 { return try take(paths, force: false) }
      guard errno == EEXIST else {
        throw systemFailure(.cannotWrite, "make the run directory", at: paths.directory, advice: advice)
      }
      number += 1
    }
  }

  /// Opens and locks the directory that `--run` names; makes it where missing.
  ///
  /// - Parameter force: takes the lock from whoever holds it (`--force-unlock`).
  /// - Throws: `usage` for a path that is refused (``check(path:)``), `cannotWrite` where the directory cannot be
  ///   written, has no room or is locked.
  public static func open(
    _ directory: String, needing bytes: Int = 0, force: Bool = false
  ) throws(Failure) -> RunDirectory {
    try check(path: directory)
    try checkRoom(directory, needing: bytes)
    try Directory.create(directory, code: .cannotWrite)
    return try take(RunPaths(directory), force: force)
  }

  /// The newest default directory of a model that has a checkpoint, for `--resume auto` without `--run`.
  ///
  /// - Throws: `cannotWrite` where the directories cannot be listed.
  public static func latest(model: String, under root: String = "runs") throws(Failure) -> String? {
    let directories = try numbers(of: model, under: root).map { "\(root)/\(model)-\($0)" }
    return directories.last { Directory.destination(ofLink: RunPaths($0).checkpoints + "/last") != nil }
  }

  /// Whether the directory is still this job's; false after another job took it with `--force-unlock`.
  public var isHeld: Bool { lock.isHeld }

  /// Lets other jobs use the directory.
  public func release() { lock.release() }

  private static let advice = "choose another place with --run DIR"

  private static func take(_ paths: RunPaths, force: Bool) throws(Failure) -> RunDirectory {
    try checkWritable(paths.directory)
    let lock = try FileLock(paths.lock, of: printable(paths.directory), force: force)
    try Directory.create(paths.logs, code: .cannotWrite)
    try Directory.create(paths.heartbeats, code: .cannotWrite)
    try Directory.create(paths.checkpoints, code: .cannotWrite)
    return RunDirectory(paths, lock: lock)
  }

  /// The numbers of a model's default directories, ascending.
  private static func numbers(of model: String, under root: String) throws(Failure) -> [Int] {
    guard Directory.kind(root) != nil else { return [] }
    return try Directory.names(root, code: .cannotWrite).compactMap { name -> Int? in
      guard name.hasPrefix(model + "-") else { return nil }
      let digits = name.dropFirst(model.count + 1)
      guard (1...9).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
        return nil
      }
      return Int(digits)
    }.sorted()
  }

  /// Tries a file for real: permission bits say little on network file systems, and nothing to root.
  private static func checkWritable(_ directory: String) throws(Failure) {
    let probe = "\(directory)/.probe-\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
    let file = Glibc.open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      throw systemFailure(.cannotWrite, "write in the run directory", at: directory, advice: advice)
    }
    close(file)
    unlink(probe)
  }
}

extension RunDirectory {
  /// Refuses a `--run` that is empty, has control characters, or climbs with `..` (`../../x` lands where nobody
  /// looks for a run; an absolute path says the same in the open).
  ///
  /// - Throws: `usage`.
  public static func check(path: String) throws(Failure) {
    guard !path.isEmpty else {
      throw Failure(.usage, "--run is empty", advice: "name a directory, for example --run runs/first")
    }
    guard !path.unicodeScalars.contains(where: isControl) else {
      throw Failure(
        .usage, "--run has control characters: \(printable(path))", advice: "use letters, digits, '-' and '_'"
      )
    }
    guard !path.split(separator: "/").contains("..") else {
      throw Failure(
        .usage, "--run climbs with '..': \(path)",
        advice: "write it as an absolute path: --run \(absolute(path))")
    }
  }

  /// The path from the root, with every `..` followed.
  private static func absolute(_ path: String) -> String {
    let base = path.hasPrefix("/") ? "" : FileManager.default.currentDirectoryPath
    let components = "\(base)/\(path)".split(separator: "/").reduce(into: [Substring]()) { kept, component in
      switch component {
      case ".": break
      case "..": _ = kept.popLast()
      default: kept.append(component)
      }
    }
    return "/" + components.joined(separator: "/")
  }

  /// Compares the free space of the file system that will hold `directory` with what is needed.
  ///
  /// - Throws: `cannotWrite`, before anything was made.
  static func checkRoom(_ directory: String, needing bytes: Int) throws(Failure) {
    var place = directory
    var status = stat()
    while stat(place, &status) != 0 {
      guard errno == ENOENT, place != Directory.parent(place) else {
        throw systemFailure(.cannotWrite, "use the run directory", at: directory, advice: advice)
      }
      place = Directory.parent(place)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(
        .cannotWrite, "the run directory cannot be made: \(printable(place)) is a file",
        at: printable(directory),
        advice: advice)
    }
    var system = statvfs()
    guard statvfs(place, &system) == 0 else {
      throw systemFailure(.cannotWrite, "ask for the free space", at: place, advice: advice)
    }
    let free = Int(
      clamping: UInt64(system.f_bavail).multipliedReportingOverflow(by: UInt64(system.f_frsize)).partialValue)
    guard free >= bytes else {
      throw Failure(
        .cannotWrite, "the run needs \(spokenBytes(bytes)), \(spokenBytes(free)) are free",
        at: printable(directory),
        advice: "free space or \(advice)")
    }
  }
}
