import Foundation
import Testing

/// How an MPI job ended and what its ranks printed.
struct MPIJob {
  let status: Int32
  let output: String
}

struct MPIJobError: Error, CustomStringConvertible {
  let description: String
}

/// Runs `mpi-contract` under the real mpirun; a missing mpirun or a job that hangs is an error, never a skipped test.
///
/// - Parameter processor: the one processor that all ranks run on; nil lets them use all.
func mpirun(ranks: Int, _ arguments: [String], on processor: Int? = nil, seconds: Double = 120) throws
  -> MPIJob
{
  let program = try #require(besideTheTests("mpi-contract"), "mpi-contract is built with the tests")
  let log = FileManager.default.temporaryDirectory.appendingPathComponent(
    "mpi-contract-\(UUID().uuidString).log")
  try Data().write(to: log)
  defer { try? FileManager.default.removeItem(at: log) }
  let output = try FileHandle(forWritingTo: log)

  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments =
    ["mpirun", "-n", "\(ranks)", "--oversubscribe", "--bind-to", "none"]
    + (processor.map { ["taskset", "-c", "\($0)"] } ?? []) + [program.path] + arguments
  var environment = ProcessInfo.processInfo.environment
  environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
  environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
  process.environment = environment
  process.standardOutput = output
  process.standardError = output
  let ended = DispatchSemaphore(value: 0)
  process.terminationHandler = { _ in ended.signal() }
  try process.run()

  let hangs = ended.wait(timeout: .now() + seconds) == .timedOut
  if hangs {
    // SIGTERM first: mpirun then ends its ranks, which a SIGKILL would leave behind for a while.
    process.terminate()
    if ended.wait(timeout: .now() + 5) == .timedOut { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
  try output.close()
  let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
  if hangs { throw MPIJobError(description: "no end after \(seconds) s; so far:\n\(text)") }
  if process.terminationStatus == 127 { throw MPIJobError(description: "mpirun is not installed: \(text)") }
  return MPIJob(status: process.terminationStatus, output: text)
}

/// A program of this package, in the directory of the test program.
private func besideTheTests(_ name: String) -> URL? {
  let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
  let program = tests.deletingLastPathComponent().appendingPathComponent(name)
  return FileManager.default.isExecutableFile(atPath: program.path) ? program : nil
}
