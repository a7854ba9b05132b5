import Failures
import Threads

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The first time that all ranks meet, bounded: MPI itself would wait for ever for a rank that it cannot reach.
enum Meeting {
  /// Runs `body`, which returns when the ranks have met, on a thread of its own and waits for it.
  ///
  /// - Parameter seconds: the longest to wait; 0 for any time. What `body` is stuck in then stays stuck until the process ends.
  /// - Throws: `peerLost` after that time; what `body` throws.
  static func within<Value: Sendable>(
    _ seconds: Int, _ body: @escaping @Sendable () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let outcome = Monitor<Result<Value, Failure>?>(nil)
    _ = DedicatedThread(name: "start") {
      let result = Result(catching: body)
      outcome.update { $0 = $0 ?? result }
    }
    if seconds > 0 {
      _ = DedicatedThread(name: "start limit") {
        for _ in 0..<10 * seconds where outcome.read({ $0 == nil }) { usleep(100_000) }
        outcome.update { $0 = $0 ?? .failure(failure(after: seconds)) }
      }
    }
    return try outcome.wait(until: { $0 != nil }) { $0! }.get()
  }

  private static func failure(after seconds: Int) -> Failure {
    Failure(
      .peerLost, "the ranks have not met after \(seconds) s", at: "start of MPI",
      advice:
        "a rank did not start, or cannot be reached: check with 'mpirun ... hostname', then name the network that "
        + "connects the machines: mpirun --mca btl_tcp_if_include eth0 (or 10.0.0.0/24); --start-limit sets the time"
    )
  }
}
