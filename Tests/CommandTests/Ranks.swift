import Foundation
import ProgramRunner
import Telemetry

/// A training that goes on until something ends it.
func endlessTraining(_ run: String, _ more: [String] = []) -> [String] {
  [
    "train", "lenet", "--dataset", "synthetic", "--train-limit", "5120", "--test-limit", "64", "--batch-size",
    "64", "--eval-every", "0", "--max-steps", "1000000", "--log-every", "1", "--run", run,
  ] + more
}

extension Program {
  /// Waits until a run has done so many steps.
  func wait(for steps: Int, of run: String) throws {
    try wait { ((try? losses(of: run)) ?? []).count >= steps }
  }
}

/// The process of a rank, as its heartbeat says.
func process(ofRank rank: Int, in run: String) throws -> pid_t {
  let beat = try Data(contentsOf: URL(fileURLWithPath: RunPaths(run).heartbeat(rank: rank)))
  return beat.withUnsafeBytes { pid_t($0.loadUnaligned(fromByteOffset: 16, as: Int64.self)) }
}

/// Whether these processes are gone, or go within some seconds; one that nobody has waited for yet is gone.
func areGone(_ processes: [pid_t], within seconds: Double) -> Bool {
  let deadline = Date().addingTimeInterval(seconds)
  while Date() < deadline {
    let left = processes.filter {
      guard let status = try? String(contentsOfFile: "/proc/\($0)/status", encoding: .utf8) else {
        return false
      }
      return !status.contains("State:\tZ") && !status.contains("State:\tX")
    }
    if left.isEmpty { return true }
    Thread.sleep(forTimeInterval: 0.05)
  }
  return false
}
