import Telemetry

/// What one rank knows of the others from their heartbeats, and whom it therefore waits for.
package struct Lookout {
  /// One rank as it is seen.
  private struct View {
    var beat: Heartbeat?
    /// When its beat was last seen to change, by the clock of whoever looks.
    var changed: Double
  }

  private let own: Int
  /// The machine of each rank.
  private let hosts: [String]
  private var views: [View]

  /// - Parameters:
  ///   - own: the rank that looks.
  ///   - time: when it begins to.
  package init(_ own: Int, hosts: [String], at time: Double) {
    self.own = own
    self.hosts = hosts
    views = hosts.map { _ in View(changed: time) }
  }

  /// Takes in what was read of a rank.
  package mutating func see(_ beat: Heartbeat?, of rank: Int, at time: Double) {
    guard let beat, beat.count != views[rank].beat?.count || beat.process != views[rank].beat?.process else {
      return
    }
    views[rank] = View(beat: beat, changed: time)
  }

  /// Whether this rank is the one that speaks: the first of those that wait and are alive, or gave up.
  ///
  /// - Parameter quiet: seconds without a beat after which a rank is not.
  package func speaks(at time: Double, quiet: Double) -> Bool {
    !(0..<own).contains { isAlive($0, time, quiet) && (isWaiting($0) || isLeaving($0)) }
  }

  /// Who keeps the others waiting, as a text that follows `waiting 60 s for`.
  ///
  /// Ranks without a sign of life come first, of these the one that has been silent for longest and those that have been so for half
  /// as long: on a busy machine a beat may come late. Then those that are alive and do not wait; then those of which nothing can be
  /// known, because their machines do not share the run directory.
  package func culprits(at time: Double, quiet: Double) -> String {
    let others = hosts.indices.filter { $0 != own }
    let silent = others.filter { views[$0].beat != nil && !isAlive($0, time, quiet) }
    func silence(_ rank: Int) -> Double { time - views[rank].changed }
    if let longest = silent.map(silence).max() {
      let gone = silent.filter { 2 * silence($0) >= longest }
      let least = gone.reduce(longest) { min($0, silence($1)) }
      return "\(named(gone)), without a sign of life for \(Int(least)) s"
    }
    let busy = others.filter { views[$0].beat != nil && !isWaiting($0) && !isLeaving($0) }
    if let first = busy.first, let beat = views[first].beat {
      return "\(named(busy)), which \((Pulse.Phase(rawValue: beat.phase) ?? .starting).verb)"
    }
    let unseen = others.filter { views[$0].beat == nil }
    if !unseen.isEmpty { return "\(named(unseen)), whose heartbeats cannot be seen from \(hosts[own])" }
    return "a message: all ranks are alive and wait for each other, so the network does not deliver"
  }

  /// The ranks of this machine whose processes are gone though they did not leave in good order.
  ///
  /// - Parameter exists: whether a process is there.
  package func dead(_ exists: (Int64) -> Bool) -> [Int] {
    hosts.indices.filter { rank in
      guard rank != own, hosts[rank] == hosts[own], let beat = views[rank].beat else { return false }
      return !isLeaving(rank) && !exists(beat.process)
    }
  }

  /// `rank 3 (nodeB)`, `ranks 1 (nodeA), 3 (nodeB)`; at most eight.
  package func named(_ ranks: [Int]) -> String {
    let names = ranks.prefix(8).map { "\($0) (\(printable(hosts[$0])))" }
    let more = ranks.count > 8 ? " and \(ranks.count - 8) more" : ""
    return "\(ranks.count == 1 ? "rank" : "ranks") \(names.joined(separator: ", "))\(more)"
  }

  private func isAlive(_ rank: Int, _ time: Double, _ quiet: Double) -> Bool {
    views[rank].beat != nil && time - views[rank].changed <= quiet
  }

  private func isWaiting(_ rank: Int) -> Bool { (views[rank].beat?.millisecondsWaited ?? 0) > 0 }

  private func isLeaving(_ rank: Int) -> Bool { views[rank].beat?.phase == Pulse.Phase.leaving.rawValue }
}
