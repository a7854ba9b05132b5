import Collectives
import Failures

/// How long messages between two ranks take, both ways at once.
enum ExchangeTime {
  /// Seconds of an exchange: the median of five times so many.
  static func median(
    _ communicator: any Communicator, peer: Int, bytes: Int, rounds: Int
  ) throws(Failure) -> Double {
    guard let mpi = communicator as? MPICommunicator else { return 0 }
    var (out, back) = ([UInt8](repeating: 1, count: bytes), [UInt8](repeating: 0, count: bytes))
    var seconds: [Double] = []
    for _ in 0..<5 {
      let start = ContinuousClock.now
      for _ in 0..<rounds { try mpi.exchange(&out, &back, with: peer) }
      seconds.append((ContinuousClock.now - start) / .seconds(rounds))
    }
    return seconds.sorted()[2]
  }
}
