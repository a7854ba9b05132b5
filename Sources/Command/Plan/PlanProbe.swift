import Collectives
import Failures
import Foundation
import Planning
import Telemetry
import Training

/// What `plan` measures: a call for all ranks together.
struct PlanProbe {
  let settings: TrainingSettings
  /// Has the data.
  let training: TrainingRun
  let weak: Bool
  let most: Int
  let seconds: Double
  let wishes: PlanWishes
  let rank: Rank

  /// A network where none was measured and none was given: that of a cheap cluster.
  static let assumed = Link(latency: 20e-6, bytesPerSecond: 1.25e9)
  /// What hidden communication costs computation where no two ranks could try.
  static let assumedDisturbance = 0.5

  /// The most that a second of hidden communication may cost: both ranks of an exchange poll.
  static let mostDisturbance = 2.0

  /// Ranks that a machine computes at once without taking turns, a power of two.
  static func ranks(processors: Int, threads: Int) -> Int {
    var ranks = 1
    while 2 * ranks * threads <= processors, ranks < 64 { ranks *= 2 }
    return ranks
  }

  /// - Returns: the plan, on the coordinator.
  func run() throws -> PlanRecord? {
    let data = try training.data(for: rank).data
    let communication = rank.communication
    let base = try total(MemoryUse.proportional()) / Double(processes)
    let links = try LinkProbe(communication, isMPI: rank.mpi != "none").measure()
    let here = communication.localSize
    let perNode = wishes.ranksPerNode ?? (rank.mpi == "none" ? defaultRanksPerNode : here)
    var points = try measure(data, ranksPerNode: perNode)
    let processors = NodeProcessors(count: Processors.allowed().count, threads: rank.threads)
    let cluster = Cluster(
      ranksPerNode: perNode, local: links.local ?? Self.assumed, network: links.network ?? Self.assumed,
      secondsPerAddedByte: links.secondsPerAddedByte)
    let own = try rank.together { () throws(Failure) in
      try StepProbe(settings(of: 1), data: data, ranks: 1, rank: rank)
    }
    points.sort { $0.ranks < $1.ranks }
    var measurement = ScalingMeasurement(
      points: points, together: here, measuredOn: processors, processors: processors, cluster: cluster,
      disturbance: Self.assumedDisturbance,
      baseBytes: base, coordinatorBytes: Double(own.savedBytes),
      evaluatedImages: Double(own.evaluatedImages))
    let check = try disturbance(measurement, data)
    guard rank.isCoordinator else { return nil }
    if let check {
      measurement.disturbance = check.disturbance
      measurement.excess = .init(ranks: check.ranks, seconds: check.excess)
    }
    return PlanRecord(
      model: settings.model, recipe: settings.recipe, instructionSet: rank.kernels.name,
      machine: MachineFacts.current.processor, weak: weak,
      network: links.network == nil ? (links.local == nil ? .assumed : .localMeasured) : .measured,
      check: check, measured: measurement, wishes)
  }

  /// Processes that the ranks are.
  private var processes: Int { rank.mpi == "none" ? 1 : rank.count }

  private var defaultRanksPerNode: Int { max(1, Processors.allowed().count / rank.threads) }

  /// The sum over processes of the mean is what a process has; threads of one process all see the same.
  private func total(_ value: Double) throws -> Double {
    let sum = try values(value).reduce(0, +)
    return rank.mpi == "none" ? sum / Double(rank.count) : sum
  }

  private func values(_ value: Double) throws -> [Double] {
    try rank.communication.gatherTexts("\(value)").compactMap(Double.init)
  }

  private func settings(of ranks: Int) -> TrainingSettings {
    var settings = settings
    if weak { settings.batchSize *= ranks }
    return settings
  }

  // MARK: Computation

  private func measure(_ data: TrainingData, ranksPerNode: Int) throws -> [ScalingMeasurement.Point] {
    let sizes = sequence(first: 1) { $0 * 2 }.prefix { $0 <= most }
      .filter {
        (weak ? settings.batchSize * $0 : $0)
          <= (weak ? data.train.count : min(settings.batchSize, data.train.count))
      }
      .filter { ranks in
        let settings = settings(of: ranks)
        return settings.wire == .f32
          || ShardPlan(settings, batchSize: min(settings.batchSize, data.train.count), ranks: ranks).isOrdered
      }
    guard !sizes.isEmpty else {
      throw Agreed(
        failure: Failure(
          .configuration,
          "\(settings.batchSize) images a rank are more than the \(data.train.count) to train on",
          at: "--batch-size", advice: "give fewer"))
    }
    let start = ContinuousClock.now
    let share = seconds / Double(2 * sizes.count)
    var points: [ScalingMeasurement.Point] = []
    var known: [String: Int] = [:]
    var last: (images: Int, seconds: Double)?
    // From the fewest images on, as long as there is time; ranks with as many images each have nothing to be extrapolated from.
    for ranks in sizes.reversed() {
      let probe = try rank.together { () throws(Failure) in
        try StepProbe(settings(of: ranks), data: data, ranks: ranks, rank: rank)
      }
      var point = ScalingMeasurement.Point(
        ranks: ranks, images: probe.images, batch: probe.batch, steps: probe.steps, bytes: Double(probe.bytes)
      )
      if let same = known[probe.signature] {
        point.alone = points[same].alone
        point.together = points[same].together
        points.append(point)
        continue
      }
      let spent = (ContinuousClock.now - start) / .seconds(1)
      let expected = last.map { 5 * $0.seconds * Double(probe.images) / Double($0.images) } ?? 0
      if try agreed(spent + expected) < 1.5 * seconds || points.count < 2 || weak {
        let here = rank.communication.localSize
        let crowd = min(ranks, ranksPerNode)
        if here > 1, crowd > 1 { point.together = try crowded(probe, seconds: share) }
        if here == 1 || crowd < here, here == 1 || fits { point.alone = try alone(probe, seconds: share) }
        // Where even one processor each is not to be had, what was measured at once is all that is known.
        if point.alone == nil, point.together == nil { point.together = try crowded(probe, seconds: share) }
        let measured = [point.alone, point.together].compactMap { $0?.seconds }.max() ?? 0
        last = (probe.images, measured * (point.alone != nil && point.together != nil ? 2 : 1))
        known[probe.signature] = points.count
      }
      points.append(point)
    }
    return points
  }

  /// Whether each rank of the machine has processors of its own.
  private var fits: Bool {
    rank.communication.localSize * rank.threads <= Processors.allowed().count
  }

  /// All ranks compute at once.
  private func crowded(_ probe: StepProbe, seconds: Double) throws -> StepProfile {
    let own = try probe.measure(
      seconds: seconds, before: { try rank.communication.barrier() }, agree: { try agreed($0) })
    return try mean(of: own)
  }

  /// The first rank of each machine computes while the others wait.
  private func alone(_ probe: StepProbe, seconds: Double) throws -> StepProfile {
    let communication = rank.communication
    if communication.size == communication.localSize {
      var own: StepProfile?
      if rank.isCoordinator { own = try probe.measure(seconds: seconds, before: {}, agree: { $0 }) }
      try communication.barrier()
      return try mean(of: own)
    }
    return try crowded(probe, seconds: seconds)
  }

  /// The mean over the ranks that measured something.
  private func mean(of own: StepProfile?) throws -> StepProfile {
    let text = own.flatMap { try? JSONEncoder().encode($0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    let profiles = try rank.communication.gatherTexts(text).filter { !$0.isEmpty }
      .map { try JSONDecoder().decode(StepProfile.self, from: Data($0.utf8)) }
    var mean = profiles[0]
    for (index, profile) in profiles.enumerated().dropFirst() {
      mean = mean.mixed(with: profile, share: 1 / Double(index + 1))
    }
    return mean
  }

  /// The largest number of all ranks.
  private func agreed(_ value: Double) throws -> Double { try values(value).max() ?? value }

  // MARK: Communication

  /// Takes real steps of the job that measures, and finds what a second of hidden communication costs; nil
  /// where one rank has nobody to exchange with.
  private func disturbance(_ measurement: ScalingMeasurement, _ data: TrainingData) throws -> PlanCheck? {
    var free = measurement
    free.disturbance = 0
    free.cluster.ranksPerNode = rank.communication.localSize
    guard rank.count > 1, let row = ScalingPlan(free).rows.first(where: { $0.ranks == rank.count }),
      row.isMeasured
    else { return nil }
    let probe = try rank.together { () throws(Failure) in
      try StepProbe(settings(of: rank.count), data: data, ranks: rank.count, rank: rank)
    }
    let rounds = max(3, min(15, Int(try agreed(seconds / 4 / row.stepSeconds))))
    let found = try agreed(try probe.measureTogether(rounds: rounds))
    let (longer, hidden) = (found - row.stepSeconds, row.step.hidden)
    let disturbance = hidden > 0 ? min(Self.mostDisturbance, max(0, longer / hidden)) : 0
    return PlanCheck(
      ranks: rank.count, seconds: found, withoutDisturbance: row.stepSeconds, disturbance: disturbance,
      excess: longer - disturbance * hidden)
  }
}

/// A step of the job that measured, beside what the model says of it.
struct PlanCheck: Codable, Equatable, Sendable {
  var ranks: Int
  /// As it was measured.
  var seconds: Double
  /// As it was computed if hidden communication cost computation nothing.
  var withoutDisturbance: Double
  /// Seconds for a second of hidden communication that make both the same, as far as they may.
  var disturbance: Double
  /// Seconds that are left, or too many.
  var excess: Double
}
