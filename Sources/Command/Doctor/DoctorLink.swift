import Collectives
import Failures
import Foundation

/// Messages between two ranks.
package struct DoctorLink: Codable, Equatable {
  package var ranks: [Int]
  /// Whether both are on one machine.
  package var isLocal: Bool
  /// Of a message of 8 bytes, one way.
  package var microseconds: Double
  /// Both ways at once, each.
  package var gigabytesPerSecond: Double

  package init(ranks: [Int], isLocal: Bool, microseconds: Double, gigabytesPerSecond: Double) {
    self.ranks = ranks
    self.isLocal = isLocal
    self.microseconds = microseconds
    self.gigabytesPerSecond = gigabytesPerSecond
  }

  /// The pairs that are measured: all of up to 16 ranks; of more, each rank with its neighbour and one half round.
  package static func pairs(of count: Int) -> [(Int, Int)] {
    guard count > 16 else { return (0..<count).flatMap { low in (low + 1..<count).map { (low, $0) } } }
    let near = (0..<count - 1).map { ($0, $0 + 1) }
    return near + (0..<count / 2).map { ($0, $0 + count / 2) }
  }

  private static let small = (bytes: 8, rounds: 500)
  private static let large = (bytes: 4_000_000, rounds: 8)

  /// Measures one pair after another, while the other ranks wait. Collective.
  static func measure(_ communication: CommunicationThread, hosts: [String]) throws(Failure) -> [DoctorLink] {
    var own: [DoctorLink] = []
    for (low, high) in pairs(of: communication.size) {
      try communication.barrier()
      guard communication.rank == low || communication.rank == high else { continue }
      let peer = communication.rank == low ? high : low
      let seconds = try communication.perform { communicator throws(Failure) in
        try [small, large].map { size throws(Failure) in
          try ExchangeTime.median(communicator, peer: peer, bytes: size.bytes, rounds: size.rounds)
        }
      }
      guard communication.rank == low else { continue }
      own.append(
        DoctorLink(
          ranks: [low, high], isLocal: hosts[low] == hosts[high], microseconds: seconds[0] * 1e6,
          gigabytesPerSecond: Double(large.bytes) / seconds[1] / 1e9))
    }
    let text = String(decoding: (try? JSONEncoder().encode(own)) ?? Data(), as: UTF8.self)
    return try communication.gatherTexts(text)
      .flatMap { (try? JSONDecoder().decode([DoctorLink].self, from: Data($0.utf8))) ?? [] }
  }
}
