import Failures
import Foundation
import Planning
import Telemetry

/// A plan and all that it rests on: what `cnn-dist plan --json` prints and `--probe` reads.
struct PlanRecord: Codable {
  /// Where the numbers of the network are from.
  enum Network: String, Codable {
    case measured
    /// Only ranks of one machine were measured.
    case localMeasured
    case assumed
  }

  var model: String
  var recipe: String
  var instructionSet: String
  /// The processor.
  var machine: String
  var weak: Bool
  var network: Network
  var check: PlanCheck?
  /// Before the wishes.
  var measured: ScalingMeasurement
  var plan: ScalingPlan
  /// Sentences.
  var assumptions: [String]
  private var used: ScalingMeasurement

  init(
    model: String, recipe: String, instructionSet: String, machine: String, weak: Bool, network: Network,
    check: PlanCheck?, measured: ScalingMeasurement, _ wishes: PlanWishes
  ) {
    self.model = model
    self.recipe = recipe
    self.instructionSet = instructionSet
    self.machine = machine
    self.weak = weak
    self.network = network
    self.check = check
    self.measured = measured
    used = wishes.applied(to: measured)
    plan = ScalingPlan(used)
    assumptions = []
    assumptions = sentences(wishes)
  }

  /// - Throws: `missingInput` or `badData` where the file is not what `plan --json` printed.
  init(reading path: String) throws(Failure) {
    guard let content = FileManager.default.contents(atPath: path) else {
      throw Failure(
        .missingInput, "there is no such file", at: path, advice: "make it by cnn-dist plan MODEL --json")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { self = try decoder.decode(PlanRecord.self, from: content) } catch {
      throw Failure(
        .badData, "expected what cnn-dist plan --json prints", at: path,
        advice: "make it anew with this version")
    }
  }

  /// The plan of the same measurements with other wishes.
  func changed(for model: String, weak: Bool, _ wishes: PlanWishes, most: Int) throws(Failure) -> PlanRecord {
    guard model == self.model else {
      throw Failure(.usage, "expected a probe of \(model), found one of \(self.model)", at: "--probe")
    }
    guard weak == self.weak else {
      throw Failure(.usage, "the probe was made with\(self.weak ? "" : "out") --weak", at: "--probe")
    }
    var measured = measured
    measured.points = measured.points.filter { $0.ranks <= most }
    return PlanRecord(
      model: model, recipe: recipe, instructionSet: instructionSet, machine: machine, weak: weak,
      network: network, check: check, measured: measured, wishes)
  }

  // MARK: Words

  private func sentences(_ wishes: PlanWishes) -> [String] {
    let (cluster, processors) = (used.cluster, used.processors)
    let link = "\(spoken(latency: cluster.network.latency)) and \(spoken(rate: cluster.network))"
    let isGiven = wishes.bandwidth != nil && wishes.latency != nil
    let source =
      isGiven
      ? "as given"
      : network == .measured
        ? "as measured, all ranks at once" : "assumed: give --bandwidth and --latency, or use mpirun"
    var all = [
      "nodes are like this one: \(count(processors.count, "processor")), \(count(cluster.ranksPerNode, "rank")) of "
        + "\(count(processors.threads, "thread")) on each; a rank's times are of \(count(used.together, "rank")) at once",
      "between nodes \(link) for all ranks of a node together (\(source)), without contention in the switches",
    ]
    if cluster.ranksPerNode > 1 {
      all.append(
        "between ranks of a node \(spoken(latency: cluster.local.latency)) and "
          + "\(fixed(1e-9 / max(1e-15, cluster.local.secondsPerByte), 2)) GB/s each"
          + (network == .assumed ? " (assumed: no two ranks were measured)" : ""))
    }
    if processors.sharing(cluster.ranksPerNode) > 1 {
      all.append(
        "more threads than processors on a node take turns: computation takes "
          + "\(fixed(processors.sharing(cluster.ranksPerNode), 1)) times as long, and nothing is gained")
    }
    all.append(
      check.map {
        "hidden communication costs computation \(fixed(100 * used.disturbance, 0)) % of its time: a real step of "
          + "\($0.ranks) ranks took \(fixed(1e3 * $0.seconds, 1)) ms, \(fixed(1e3 * $0.withoutDisturbance, 1)) without"
      }
        ?? "hidden communication costs computation \(fixed(100 * used.disturbance, 0)) % of its time (assumed)"
    )
    if let excess = used.excess {
      all.append(
        "that step took \(fixed(1e3 * abs(excess.seconds), 1)) ms \(excess.seconds < 0 ? "less" : "longer") than all of this "
          + "explains, as do those of jobs of \(count(excess.ranks, "rank")) and more")
    }
    all.append(
      "ranks differ at random by \(wishes.jitter.map { fixed(100 * $0, 1) } ?? fixed(100 * relativeDeviation, 1)) % of a step"
        + (wishes.jitter == nil ? " (measured)" : " (as given)") + ", and all wait for the slowest")
    if plan.rows.contains(where: { !$0.isMeasured }) {
      all.append("~: extrapolated from fewer images a rank; --seconds N measures more")
    }
    all.append(
      "time to the end: the recipe's steps and tests; checkpoints are written beside them. The coordinator needs "
        + "\(spokenBytes(Int(used.coordinatorBytes))) more")
    return all
  }

  private var relativeDeviation: Double {
    let profiles = used.points.flatMap { [$0.alone, $0.together].compactMap(\.self) }
    let parts = profiles.map { $0.deviation / max(1e-9, $0.seconds) }.sorted()
    return parts.isEmpty ? 0 : parts[parts.count / 2]
  }

  private func spoken(latency: Double) -> String {
    latency < 1e-3 ? "\(fixed(latency * 1e6, 1)) us" : "\(fixed(latency * 1e3, 1)) ms"
  }

  private func spoken(rate link: Link) -> String {
    let gigabits = 8e-9 / max(1e-18, link.secondsPerByte)
    return gigabits < 1 ? "\(fixed(1000 * gigabits, 1)) Mbit/s" : "\(fixed(gigabits, 2)) Gbit/s"
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  var text: String {
    var table = TextTable([
      ("ranks", .right), ("nodes", .right), ("images", .right), ("step", .right), ("exposed", .right),
      ("slowest", .right), ("images/s", .right), ("efficiency", .right), ("memory", .right),
      ("to the end", .right),
    ])
    for row in plan.rows {
      table.append([
        "\(row.ranks)", "\(row.nodes)", "\(row.imagesPerRank)",
        "\(row.isMeasured ? "" : "~")\(spokenStep(row.stepSeconds))",
        percent(row.step.exposed + row.step.disturbance, of: row.stepSeconds),
        percent(row.step.straggling, of: row.stepSeconds),
        row.imagesPerSecond < 100
          ? fixed(row.imagesPerSecond, 1) : grouped(Int(row.imagesPerSecond.rounded())),
        percent(row.efficiency, of: 1), spokenBytes(Int(row.bytesPerRank)), spokenDuration(row.secondsToEnd),
      ])
    }
    let batch =
      weak ? "\(plan.rows.first?.imagesPerRank ?? 0) images a rank" : "batch \(plan.rows.first?.batch ?? 0)"
    let head = "\(model), recipe \(recipe), \(batch), \(instructionSet), \(machine)\n\n"
    var tail = "\n\(conclusion)\n"
    if !weak, let last = plan.rows.last, 2 * last.ranks > last.batch {
      tail +=
        "more ranks than \(last.ranks) have no image each of a batch of \(last.batch): --batch-size, or --weak\n"
    }
    return head + table.text + tail + "\nassumed:\n" + assumptions.map { "  - \($0)\n" }.joined()
  }

  private var conclusion: String {
    guard let last = plan.rows.last, plan.payingRanks > 0 else { return "nothing could be planned" }
    let half = "efficiency is 50 % or more up to \(count(plan.halfEfficientRanks, "rank"))"
    if plan.payingRanks == last.ranks { return "more ranks pay up to the last row; \(half)" }
    return
      "more than \(count(plan.payingRanks, "rank")) stop paying: twice as many are less than \(ScalingPlan.worthwhile) times as fast; \(half)"
  }

  private func percent(_ part: Double, of whole: Double) -> String {
    "\(fixed(100 * part / max(1e-12, whole), 0)) %"
  }

  private func spokenStep(_ seconds: Double) -> String {
    seconds < 1 ? "\(fixed(1e3 * seconds, seconds < 0.01 ? 2 : 1)) ms" : "\(fixed(seconds, 2)) s"
  }
}
