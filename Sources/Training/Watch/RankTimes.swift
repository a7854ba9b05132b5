import Collectives
import Failures
import Foundation

/// Where one rank's time went, and on what it ran.
package struct RankTimes: Codable, Equatable {
  package var host: String
  /// The processors that it may use.
  package var processors: [Int]
  package var times: StepTimes
  /// Of the thread that trains, and of its process.
  package var usage: ThreadUsage

  package init(host: String, processors: [Int], times: StepTimes, usage: ThreadUsage) {
    self.host = host
    self.processors = processors
    self.times = times
    self.usage = usage
  }
}

extension CommunicationThread {
  /// Every rank's times, in the order of ranks. Collective.
  func gather(_ times: StepTimes, _ usage: ThreadUsage) throws(Failure) -> [RankTimes] {
    let own = RankTimes(host: hostName, processors: Processors.allowed(), times: times, usage: usage)
    let text = String(decoding: (try? JSONEncoder().encode(own)) ?? Data(), as: UTF8.self)
    return try gatherTexts(text).map { text throws(Failure) in
      do { return try JSONDecoder().decode(RankTimes.self, from: Data(text.utf8)) } catch {
        throw Failure(.internalError, "a rank's times are unreadable: \(text)")
      }
    }
  }
}
