/// What a probe found out about a model on a machine: everything that a plan is computed from.
public struct ScalingMeasurement: Codable, Equatable, Sendable {
  /// What a rank of some job computes.
  public struct Point: Codable, Equatable, Sendable {
    /// Of the job, whose batch they share.
    public var ranks: Int
    /// The most images of a rank.
    public var images: Int
    /// Of all ranks.
    public var batch: Int
    /// Of the run.
    public var steps: Int
    /// Bytes of a rank's parameters, gradients, moments, activations and batches.
    public var bytes: Double
    /// One rank computing on each node; nil where that was not measured.
    public var alone: StepProfile?
    /// ``ScalingMeasurement/together`` ranks computing on each node at once; nil where that was not measured.
    public var together: StepProfile?

    public init(
      ranks: Int, images: Int, batch: Int, steps: Int, bytes: Double, alone: StepProfile? = nil,
      together: StepProfile? = nil
    ) {
      self.ranks = ranks
      self.images = images
      self.batch = batch
      self.steps = steps
      self.bytes = bytes
      self.alone = alone
      self.together = together
    }
  }

  /// What a step of a real job took longer, or less, than everything else explains: ranks that share a processor wait for their turn; a
  /// network is faster with long messages than with those that were tried.
  public struct Excess: Codable, Equatable, Sendable {
    /// Of the job.
    public var ranks: Int
    public var seconds: Double

    public init(ranks: Int, seconds: Double) { (self.ranks, self.seconds) = (ranks, seconds) }
  }

  /// In the order of ranks: 1, 2, 4, ...
  public var points: [Point]
  /// Ranks of a node that were measured at once.
  public var together: Int
  /// Where it was measured.
  public var measuredOn: NodeProcessors
  /// Of a node that is planned with.
  public var processors: NodeProcessors
  public var cluster: Cluster
  /// Seconds that computation loses for a second of hidden communication.
  public var disturbance: Double
  /// Added to steps of as many ranks, and more; nil where no two ranks could try.
  public var excess: Excess?
  /// Bytes of a rank besides those of its points: program, libraries, data set.
  public var baseBytes: Double
  /// Bytes that the coordinator needs besides: its copy of what it saves.
  public var coordinatorBytes: Double
  /// Images of all evaluations of the run.
  public var evaluatedImages: Double

  public init(
    points: [Point], together: Int, measuredOn: NodeProcessors, processors: NodeProcessors, cluster: Cluster,
    disturbance: Double, excess: Excess? = nil,
    baseBytes: Double, coordinatorBytes: Double, evaluatedImages: Double
  ) {
    self.points = points
    self.together = together
    self.measuredOn = measuredOn
    self.processors = processors
    self.cluster = cluster
    self.disturbance = disturbance
    self.excess = excess
    self.baseBytes = baseBytes
    self.coordinatorBytes = coordinatorBytes
    self.evaluatedImages = evaluatedImages
  }

  /// What a rank of `point`'s job computes where its node is as full as ``cluster`` says; nil where too little was measured.
  ///
  /// Ranks of a node share its memory and caches: between one rank and as many as were measured at once, times lie on a line. More
  /// threads than processors take turns.
  package func profile(_ point: Point) -> StepProfile? {
    let here = min(point.ranks, cluster.ranksPerNode)
    func turns(_ measured: Int) -> Double { processors.sharing(here) / measuredOn.sharing(measured) }
    let alone = known(point, \.alone)?.slowed(by: turns(1))
    guard together > 1, let crowded = known(point, \.together)?.slowed(by: turns(together)) else {
      return alone
    }
    guard let alone, here < together else { return crowded }
    return alone.mixed(with: crowded, share: Double(here - 1) / Double(together - 1))
  }

  /// As it was measured, or extrapolated from jobs with fewer images a rank.
  private func known(_ point: Point, _ path: KeyPath<Point, StepProfile?>) -> StepProfile? {
    if let measured = point[keyPath: path] { return measured }
    let fewer = points.compactMap { $0[keyPath: path] }
      .filter { $0.images < point.images && ($0.ranks > 1) == (point.ranks > 1) || point.ranks == 1 }
      .sorted { $0.images < $1.images }.suffix(2)
    guard let first = fewer.first, let last = fewer.last, first.images < last.images else { return nil }
    return .extrapolated(
      to: point.images, ranks: point.ranks, bytes: point.bytes, from: first, and: last)
  }

  package func isMeasured(_ point: Point) -> Bool { point.alone != nil || point.together != nil }
}
