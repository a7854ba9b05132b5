import Collectives
import Failures

/// How far each rank's clock is ahead of rank 0's.
///
/// A collective that waits for everybody ends on no rank before it has begun on all of them. So with the times at which rank r
/// begins and ends it, b and e on its own clock, and those of rank 0, its clock is ahead by at least b_r - e_0 and at most
/// e_r - b_0. Many rounds narrow that; the middle of what is left is the estimate, and half of it the error.
package struct ClockOffsets: Equatable {
  /// In seconds, in the order of ranks; 0 where the clock is rank 0's own.
  package let seconds: [Double]
  /// The largest error that is possible, in seconds.
  package let error: Double

  private static let rounds = 50

  /// Compares the clocks; a call for all ranks together.
  ///
  /// - Parameters:
  ///   - machine: the same text where the clock is the same.
  ///   - clock: this rank's.
  package init(
    _ communicator: some Communicator, machine: String, clock: () -> Double
  ) throws(Failure) {
    let machines = try communicator.gatherTexts(machine)
    guard machines.contains(where: { $0 != machines[0] }) else {
      seconds = machines.map { _ in 0 }
      error = 0
      return
    }
    var lowest = [Double](repeating: -.infinity, count: machines.count)
    var highest = [Double](repeating: .infinity, count: machines.count)
    for _ in 0..<Self.rounds {
      let began = clock()
      try communicator.barrier()
      let ended = clock()
      let times = try Self.gather([began, ended], communicator)
      for rank in machines.indices {
        lowest[rank] = max(lowest[rank], times[2 * rank] - times[1])
        highest[rank] = min(highest[rank], times[2 * rank + 1] - times[0])
      }
    }
    seconds = machines.indices.map { machines[$0] == machines[0] ? 0 : (lowest[$0] + highest[$0]) / 2 }
    error =
      machines.indices.map { machines[$0] == machines[0] ? 0 : (highest[$0] - lowest[$0]) / 2 }.max() ?? 0
  }

  private static func gather(_ times: [Double], _ communicator: some Communicator) throws(Failure) -> [Double]
  {
    var all = [Double](repeating: 0, count: times.count * communicator.size)
    var failure: Failure?
    times.withUnsafeBytes { own in
      all.withUnsafeMutableBytes { all in
        do throws(Failure) { try communicator.allGather(own, into: all) } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return all
  }
}
