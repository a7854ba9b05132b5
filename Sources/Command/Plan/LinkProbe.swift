import Collectives
import Failures
import Planning

/// Latency and bandwidth between the ranks of a job while all of them exchange at once, as they do in a step. Collective.
struct LinkProbe {
  struct Links {
    /// Between ranks of a machine; nil where each has one.
    var local: Link?
    /// Between machines; nil where there is one.
    var network: Link?
    var secondsPerAddedByte: Double
  }

  private let communication: CommunicationThread
  private let isMPI: Bool
  private static let small = (bytes: 8, rounds: 200)
  private static let large = (bytes: 4_000_000, rounds: 6)

  init(_ communication: CommunicationThread, isMPI: Bool) {
    self.communication = communication
    self.isMPI = isMPI
  }

  func measure() throws -> Links {
    let adding = try mean(addition())
    guard communication.size > 1 else { return Links(secondsPerAddedByte: adding) }
    guard isMPI else { return Links(local: try threads(), secondsPerAddedByte: 0) }
    let hosts = try communication.gatherTexts(communication.hostName)
    func isLocal(_ distance: Int) -> Bool {
      hosts.indices.allSatisfy { $0 ^ distance >= hosts.count || hosts[$0] == hosts[$0 ^ distance] }
    }
    func isRemote(_ distance: Int) -> Bool {
      hosts.indices.allSatisfy { $0 ^ distance >= hosts.count || hosts[$0] != hosts[$0 ^ distance] }
    }
    let distances = Array(sequence(first: 1) { 2 * $0 }.prefix { $0 < hosts.count })
    let local = try distances.first(where: isLocal).map { try exchange($0, sharing: 1) }
    let network = try distances.first(where: isRemote).map {
      try exchange($0, sharing: communication.localSize)
    }
    return Links(local: local, network: network, secondsPerAddedByte: adding)
  }

  /// Of all ranks that measured something.
  private func mean(_ own: Double) throws -> Double {
    let all = try communication.gatherTexts("\(own)").compactMap(Double.init).filter { $0 > 0 }
    return all.reduce(0, +) / Double(max(1, all.count))
  }

  /// All pairs of ranks that differ by `distance`, at once.
  ///
  /// - Parameter sharing: ranks that share a link.
  private func exchange(_ distance: Int, sharing: Int) throws -> Link {
    var seconds: [Double] = []
    for size in [Self.small, Self.large] {
      try communication.barrier()
      let peer = communication.rank ^ distance
      let own: Double =
        peer < communication.size
        ? try communication.perform { communicator throws(Failure) in
          try ExchangeTime.median(communicator, peer: peer, bytes: size.bytes, rounds: size.rounds)
        } : 0
      seconds.append(try mean(own))
    }
    return Link(
      latency: seconds[0],
      secondsPerByte: max(0, seconds[1] - seconds[0]) / Double(Self.large.bytes) / Double(sharing))
  }

  /// Threads of one process have no links: what their sums take, as if they had. Adding is part of it.
  private func threads() throws -> Link {
    func sum(_ count: Int, rounds: Int) throws -> Double {
      var values = [Float](repeating: 1, count: count)
      var seconds: [Double] = []
      for _ in 0..<rounds {
        try communication.barrier()
        let start = ContinuousClock.now
        var failure: Failure?
        values.withUnsafeMutableBufferPointer { values in
          do throws(Failure) { try communication.allReduce(values, .max) } catch { failure = error }
        }
        if let failure { throw failure }
        seconds.append((ContinuousClock.now - start) / .seconds(1))
      }
      return try mean(seconds.sorted()[rounds / 2])
    }
    let (few, many, count) = (try sum(8, rounds: 50), try sum(4_000_000, rounds: 9), 16e6)
    let ranks = Double(communication.size)
    let levels = Double((communication.size - 1).bitWidth - (communication.size - 1).leadingZeroBitCount)
    return Link(
      latency: few / levels,
      secondsPerByte: max(0, many - 2 * few) / (2 * (ranks - 1) / ranks * count))
  }

  /// Seconds to add a byte of what is in the cache to what is not, as sums do with received pieces.
  private func addition() -> Double {
    let (piece, pieces) = (1 << 16, 64)
    let received = [Float](repeating: 1, count: piece)
    var values = [Float](repeating: 0, count: piece * pieces)
    var best = Double.infinity
    for _ in 0..<5 {
      let start = ContinuousClock.now
      values.withUnsafeMutableBufferPointer { values in
        received.withUnsafeBufferPointer { received in
          for first in stride(from: 0, to: values.count, by: piece) {
            for i in 0..<piece { values[first + i] += received[i] }
          }
        }
      }
      best = min(best, (ContinuousClock.now - start) / .seconds(1))
    }
    return best / Double(4 * piece * pieces)
  }
}
