import Foundation

/// How a program ended and what it said.
public struct ProgramResult: Sendable {
  /// The exit code; 128 + n where signal n ended it, as a shell says.
  public let status: Int32
  public let output: String
  public let errors: String

  public var outputLines: [Substring] { output.split(separator: "\n") }
  /// Lines of the program itself on standard error: mpirun adds its own.
  public var ownErrors: [Substring] { errors.split(separator: "\n").filter { $0.hasPrefix("cnn-dist: ") } }
}

public struct ProgramError: Error, CustomStringConvertible {
  public let description: String
}

/// A program of this package, started by a test: real processes, real mpirun. What is missing or hangs is an error, never
/// a skipped test.
public final class Program: @unchecked Sendable {
  private let process = Process()
  private let output: URL
  private let errors: URL
  private let ended = DispatchSemaphore(value: 0)

  /// Starts `name` with `arguments`, under `mpirun -n ranks` where ranks are given.
  ///
  /// - Parameters:
  ///   - environment: set besides the test's own environment; OPENBLAS_CORETYPE and CNN_DIST_* are not passed on.
  ///   - directory: the working directory.
  public init(
    _ arguments: [String], program name: String = "cnn-dist", ranks: Int? = nil,
    environment: [String: String] = [:],
    directory: URL? = nil
  ) throws {
    let program = try Self.path(name)
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(
      "program-\(UUID().uuidString)")
    output = scratch.appendingPathExtension("out")
    errors = scratch.appendingPathExtension("err")
    try Data().write(to: output)
    try Data().write(to: errors)
    let launcher =
      ranks.map { ["mpirun", "-n", "\($0)", "--oversubscribe", "--bind-to", "none"] } ?? []
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = launcher + [program] + arguments
    var variables = ProcessInfo.processInfo.environment
    for name in variables.keys where name.hasPrefix("CNN_DIST_") || name == "OPENBLAS_CORETYPE" {
      variables[name] = nil
    }
    variables["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    process.environment = variables.merging(environment) { $1 }
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.terminationHandler = { [ended] _ in ended.signal() }
    // Threads of the test runner block signals, and a child inherits that.
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  /// Where a script of this package is.
  public static func script(_ name: String) -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent("scripts/\(name)").path
  }

  /// Its process, or that of its mpirun.
  public var identifier: Int32 { process.processIdentifier }

  /// Where a program of this package is: beside the tests. A path from the root stays as it is.
  public static func path(_ name: String) throws -> String {
    if name.hasPrefix("/") { return name }
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let program = tests.deletingLastPathComponent().appendingPathComponent(name).path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw ProgramError(description: "\(program) was not built with the tests")
    }
    return program
  }

  /// Sends a signal to the program, or to its mpirun.
  public func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// What the program has printed so far.
  public var outputSoFar: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  /// What it has complained about so far.
  public var errorsSoFar: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

  /// Waits until `condition` holds; an error after `seconds`.
  public func wait(seconds: Double = 60, until condition: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while try !condition() {
      let isRunning = process.isRunning
      // What a program did last may have come between the look and its end.
      guard Date() < deadline, try isRunning || condition() else {
        let state = isRunning ? "still runs after \(seconds) s" : "ended with \(process.terminationStatus)"
        throw ProgramError(
          description: "what was waited for did not happen, it \(state):\n\(outputSoFar)\(errorsSoFar)")
      }
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  /// Waits for the end; a program that takes longer than `seconds` is killed, and an error.
  public func result(seconds: Double = 120) throws -> ProgramResult {
    defer {
      try? FileManager.default.removeItem(at: output)
      try? FileManager.default.removeItem(at: errors)
    }
    let hangs = ended.wait(timeout: .now() + seconds) == .timedOut
    if hangs {
      // SIGTERM first: mpirun then ends its ranks, which a SIGKILL would leave behind for a while.
      process.terminate()
      if ended.wait(timeout: .now() + 5) == .timedOut { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    let result = ProgramResult(
      status: process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0),
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
    if hangs {
      throw ProgramError(description: "no end after \(seconds) s; so far:\n\(result.output)\(result.errors)")
    }
    if result.status == 127 { throw ProgramError(description: "not installed: \(result.errors)") }
    return result
  }

  /// Runs a program to its end.
  public static func run(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String] = [:], directory: URL? = nil,
    seconds: Double = 120
  ) throws -> ProgramResult {
    try Program(arguments, ranks: ranks, environment: environment, directory: directory).result(
      seconds: seconds)
  }
}

/// A directory that lives as long as a test needs it.
public final class ScratchDirectory: Sendable {
  public let url: URL
  public var path: String { url.path }

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("cnn-dist-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public func file(_ name: String) -> String { url.appendingPathComponent(name).path }
}
