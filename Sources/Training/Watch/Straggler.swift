import Telemetry

/// Where the time of a run went over all ranks, and which rank held the others up.
///
/// Every rank waits in the reduction until the slowest has come; what the slowest itself waits there is communication. So
/// the least exposed wait of any rank counts as communication for all, and what others wait beyond it as waiting. A rank that
/// polls for messages but has no processor holds the others up as much as one that computes: that time counts as its own,
/// but for the time in which another rank was stopped, as no message came then.
package struct Straggler {
  private var ranks: [RankTimes]

  /// How much more work than the others' makes a rank slow; below that, ranks differ by chance.
  package static let threshold = 0.05
  /// Seconds below which a difference is chance, however large a part of a short run it is.
  package static let least = 0.5

  package init(_ ranks: [RankTimes]) {
    self.ranks = ranks
    self.ranks = ranks.indices.map(settled)
  }

  /// A rank's times, starved for only as long as that held the others up.
  private func settled(_ rank: Int) -> RankTimes {
    var own = ranks[rank]
    // While another was stopped there was nothing to poll for.
    let others = ranks.indices.filter { $0 != rank }.map { ranks[$0].usage.stopped }
    let most = own.times.exposed - max(0, (others.max() ?? 0) - own.usage.stopped)
    // What it was stopped for and did not miss in its own work, it missed while it waited.
    let stopped = own.usage.stopped - median(of: \.usage.stopped, without: rank)
    let inWork = max(0, own.times.work - median(of: \.times.work, without: rank))
    // Where ranks share processors, one that waits rightly makes room for another that computes.
    let neighbours = ranks.filter { $0.host == own.host }
    let isCrowded = Set(neighbours.flatMap(\.processors)).count < neighbours.count
    own.times.starved = max(0, min(most, max(isCrowded ? 0 : own.times.starved, stopped - inWork)))
    return own
  }

  /// Two lines at most.
  package var text: String {
    let seconds = ranks.reduce(0) { $0 + $1.times.seconds }
    guard seconds > 0 else { return "" }
    let exposed = ranks.reduce(0) { $0 + $1.times.exposed }
    let communication = (ranks.map { $0.times.exposed - $0.times.starved }.min() ?? 0) * Double(ranks.count)
    let data = ranks.reduce(0) { $0 + $1.times.data }
    func percent(_ part: Double) -> String { "\(fixed(100 * part / seconds, 1)) %" }
    let between =
      ranks.count == 1
      ? ""
      : "\(percent(exposed - communication)) waiting for the slowest rank, "
        + "\(percent(communication)) exposed communication, "
    let split = "time: \(percent(seconds - exposed - data)) compute, \(between)\(percent(data)) data"
    return ranks.count == 1 ? split : "\(split)\n\(slowest)"
  }

  /// The rank that worked longest, and why.
  private var slowest: String {
    let work = ranks.map { $0.times.work + $0.times.starved }
    let rank = work.indices.max { work[$0] < work[$1] } ?? 0
    let usual = median(of: { $0.times.work + $0.times.starved }, without: rank)
    let excess = work[rank] / max(usual, 1e-9) - 1
    guard excess > Self.threshold, work[rank] - usual > Self.least else {
      return
        "slowest: none; the ranks' own work differs by less than \(Int(100 * Self.threshold)) % or \(Self.least) s"
    }
    return
      "slowest: rank \(rank) (\(printable(ranks[rank].host))), \(fixed(100 * excess, 0)) % more time than "
      + "the others' median; likely cause: \(cause(rank, work[rank] - usual))"
  }

  /// The part of a rank's work that exceeds the others' most, in words.
  ///
  /// - Parameter excess: seconds of work beyond the others' median.
  private func cause(_ rank: Int, _ excess: Double) -> String {
    let (own, usage) = (ranks[rank], ranks[rank].usage)
    let data = own.times.data - median(of: \.times.data, without: rank)
    let queued = usage.queued - median(of: \.usage.queued, without: rank)
    let starved = own.times.starved - median(of: \.times.starved, without: rank)
    let processor = usage.processor - median(of: \.usage.processor, without: rank)
    let stopped = usage.stopped - median(of: \.usage.stopped, without: rank)
    if stopped > excess / 2 { return "it was stopped for \(fixed(usage.stopped, 1)) s" }
    let idle = excess - data - queued - starved - processor
    let most = max(data, queued + starved, processor, idle)
    if most == data {
      return "its input, which kept it waiting \(fixed(own.times.data, 1)) s, or it was stopped meanwhile"
    }
    if most == queued + starved {
      let pushed = usage.switches > 0 ? ", and was pushed off \(grouped(usage.switches)) times" : ""
      return
        "\(contention(rank)): it wanted to run for \(fixed(usage.queued + own.times.starved, 1)) s but could not\(pushed)"
    }
    if most == processor {
      let faults = usage.faults - Int(median(of: { Double($0.usage.faults) }, without: rank))
      // A fault costs about a microsecond.
      if Double(faults) * 1e-6 > excess / 2 { return "\(grouped(usage.faults)) page faults" }
      return "its processor is slower: the same work took \(fixed(usage.processor, 1)) s of it"
    }
    if usage.diskFaults > 0 {
      return "\(grouped(usage.diskFaults)) page faults that read from a disk: its machine is short of memory"
    }
    return "it stood still for \(fixed(idle, 1)) s: stopped, or waiting for something outside the program"
  }

  /// Why a rank's processors are not its own.
  private func contention(_ rank: Int) -> String {
    let own = ranks[rank]
    let same = ranks.indices.filter {
      $0 != rank && ranks[$0].host == own.host && !Set(ranks[$0].processors).isDisjoint(with: own.processors)
    }
    let shared = same.filter { Set(ranks[$0].processors).isSubset(of: own.processors) }
    if shared.count >= own.processors.count {
      let names = (shared + [rank]).sorted().prefix(8).map { "\($0)" }.joined(separator: ", ")
      return "ranks \(names) share \(count(own.processors))"
    }
    let others = ranks.indices.filter { $0 != rank }.map { ranks[$0].processors.count }.sorted()
    if let usual = others.isEmpty ? nil : others[(others.count - 1) / 2], own.processors.count < usual {
      return "it has \(count(own.processors)), the others \(usual), and other programs run there"
    }
    return "other programs use its processors, or it was stopped"
  }

  private func count(_ processors: [Int]) -> String {
    processors.count == 1 ? "processor \(processors[0])" : "\(processors.count) processors"
  }

  /// Of the other ranks; of two in the middle, the lower.
  private func median(of value: (RankTimes) -> Double, without rank: Int) -> Double {
    let values = ranks.indices.filter { $0 != rank }.map { value(ranks[$0]) }.sorted()
    return values.isEmpty ? 0 : values[(values.count - 1) / 2]
  }
}
