/// A step of a job: computation, and what communication adds to it.
public struct StepEstimate: Codable, Equatable, Sendable {
  /// Seconds of computation without the others.
  public var compute: Double
  /// Seconds that computation waits for communication.
  public var exposed: Double
  /// Seconds of communication under backward.
  public var hidden: Double
  /// Seconds that hidden communication takes from computation, since both use the processors.
  public var disturbance: Double
  /// Seconds of waiting for the slowest rank.
  public var straggling: Double
  /// Seconds that nothing of this explains, negative where a real step was faster; see ``ScalingMeasurement/Excess``.
  public var excess = 0.0

  public var seconds: Double { compute + exposed + disturbance + straggling + excess }

  /// Goes through a step as the code does: one thread of communication does one thing after the other, in the order in which backward
  /// submits them. Before the first bucket come the sums of loss and accuracy. Backward waits where it wants other ranks' factors, and
  /// at its end until all is done:
  ///
  ///     begin_k = max(ready_k, end_(k-1)),   end_k = begin_k + cost_k,   exposed = max(0, end_last - backward)
  ///
  /// (Li et al., 2020, arXiv:2006.15704, section 3.2). Ranks' times differ by chance, and all wait for the slowest: see
  /// ``ExpectedMaximum``.
  ///
  /// - Parameter disturbance: seconds that computation loses for a second of hidden communication.
  public init(_ profile: StepProfile, on cluster: Cluster, ranks: Int, disturbance: Double) {
    var (clock, free, last) = (0.0, cluster.sum(bytes: Self.totals, ranks: ranks), 0.0)
    var (waited, busy) = (0.0, free)
    var ends: [Int: Double] = [:]
    for moment in profile.moments {
      clock += moment.seconds - last
      last = moment.seconds
      switch moment.event {
      case .bucket(let bytes):
        let cost = cluster.sum(bytes: bytes, ranks: ranks)
        free = max(free, clock) + cost
        busy += cost
      case .factors(let index, let bytes):
        let cost = cluster.gather(bytes: bytes, ranks: ranks)
        free = max(free, clock) + cost
        busy += cost
        ends[index] = free
      case .wait(let index):
        let stall = max(0, (ends[index] ?? 0) - clock)
        waited += stall
        clock += stall
      }
    }
    clock += profile.backward - last
    exposed = ranks > 1 ? waited + max(0, free - clock) : 0
    hidden = ranks > 1 ? max(0, busy - exposed) : 0
    compute = profile.seconds
    self.disturbance = disturbance * hidden
    straggling = profile.deviation * ExpectedMaximum.ofNormals(ranks)
  }

  /// Bytes of loss, accuracy and times that are summed up in every step.
  private static let totals = 56.0
}
