/// What a run would take on 1, 2, 4, ... ranks.
public struct ScalingPlan: Codable, Equatable, Sendable {
  public struct Row: Codable, Equatable, Sendable {
    public var ranks: Int
    public var nodes: Int
    public var imagesPerRank: Int
    public var batch: Int
    public var step: StepEstimate
    /// Seconds.
    public var stepSeconds: Double
    public var imagesPerSecond: Double
    /// Images a second and rank, of those of one rank.
    public var efficiency: Double
    public var bytesPerRank: Double
    public var steps: Int
    /// Of all steps and evaluations.
    public var secondsToEnd: Double
    /// Whether computation was measured with so many images, and not extrapolated.
    public var isMeasured: Bool
  }

  public var rows: [Row]
  /// The most ranks that pay: up to them, twice the ranks are always at least ``worthwhile`` times as fast.
  public var payingRanks: Int
  /// The most ranks up to which half of every rank is used.
  public var halfEfficientRanks: Int

  /// Times as fast as half the ranks that more ranks must be to pay. Two would be ideal.
  public static let worthwhile = 1.25

  /// - Parameter measurement: with at least the job of one rank known.
  public init(_ measurement: ScalingMeasurement) {
    var rows: [Row] = []
    for point in measurement.points {
      guard let profile = measurement.profile(point) else { continue }
      var step = StepEstimate(
        profile, on: measurement.cluster, ranks: point.ranks, disturbance: measurement.disturbance)
      if let excess = measurement.excess, point.ranks >= excess.ranks {
        step.excess = max(excess.seconds, -(step.exposed + step.disturbance + step.straggling))
      }
      let rate = Double(point.batch) / step.seconds
      let forward = profile.forward / Double(max(1, profile.images))
      let testing = measurement.evaluatedImages / Double(point.ranks) * forward
      rows.append(
        Row(
          ranks: point.ranks, nodes: measurement.cluster.nodes(of: point.ranks), imagesPerRank: point.images,
          batch: point.batch, step: step, stepSeconds: step.seconds, imagesPerSecond: rate,
          efficiency: rate / Double(point.ranks)
            / (rows.first.map { $0.imagesPerSecond / Double($0.ranks) } ?? rate),
          bytesPerRank: measurement.baseBytes + point.bytes, steps: point.steps,
          secondsToEnd: Double(point.steps) * step.seconds + testing,
          isMeasured: measurement.isMeasured(point)))
    }
    self.rows = rows
    var paying = 0
    while paying + 1 < rows.count,
      rows[paying].secondsToEnd >= Self.worthwhile * rows[paying + 1].secondsToEnd
    { paying += 1 }
    payingRanks = rows.isEmpty ? 0 : rows[paying].ranks
    halfEfficientRanks = rows.prefix { $0.efficiency >= 0.5 }.last?.ranks ?? 0
  }
}
