import Collectives
import Datasets
import Failures
import Kernels
import Layers
import Models
import Optimizers
import Tensors
import Threads

/// A rank's copy of what is trained: the network, its optimizer, and how they come to be the same on every rank.
public final class Replica {
  public let network: Network
  public let optimizer: any Optimizer
  /// The moving average of the network's values; nil without one.
  let average: WeightAverage?
  /// How the ranks share the update and its moments; nil where every rank updates everything.
  let shares: ParameterShares?
  /// How ranks send each other gradients.
  let format: FloatFormat
  /// What rounding them has left for the next step; nil where they are sent as they are.
  let residual: Residual?
  /// How sums of gradients are divided among the ranks; nil where each rank gets all of them at once.
  let division: ParameterShares?
  /// Brings the ranks' moments together and apart; nil where every rank has all.
  private let momentExchange: MomentExchange?
  /// The threads that compute and update.
  let team: ThreadTeam
  private let rank: Rank

  /// - Parameter ranks: of the job that the replica is planned for; nil for the rank's own.
  init(
    _ settings: TrainingSettings, graph: Graph, capacity: Int, shards: ShardPlan, rank: Rank,
    ranks: Int? = nil
  ) {
    self.rank = rank
    team = rank.team(capacity: capacity, shards: shards)
    network = Network(
      graph, capacity: capacity, training: true, kernels: rank.kernels, shards: shards.own, team: team,
      ranks: settings.accumulate == 1 ? ranks ?? rank.count : nil, format: settings.wire)
    let shares =
      settings.shardOptimizer && rank.count > 1
      ? ParameterShares(network, rank: rank.index, ranks: rank.count) : nil
    if shards.isOrdered, let shares { network.own(shares.own) }
    let optimizer = Self.optimizer(
      settings, network, rank.kernels, owned: shares.map { OwnedRanges($0.own) })
    let parameterCount = network.parameterCount
    momentExchange = shares.map {
      MomentExchange($0, optimizer, parameterCount: parameterCount, rank: rank)
    }
    (self.optimizer, self.shares) = (optimizer, shares)
    format = settings.wire
    let count = ranks ?? rank.count
    division =
      format == .f32
      ? shares : shares ?? ParameterShares(network, rank: rank.index % count, ranks: count)
    residual = format == .f32 ? nil : division.map { [network] in Residual(network, $0) }
    average =
      settings.ema == 0
      ? nil : WeightAverage(count: network.values.count, decay: settings.ema, kernels: rank.kernels)
  }

  /// Begins with the fresh parameters of a seed, and without moments.
  func initialize(_ scheme: Initialization, seed: UInt64) {
    network.initialize(scheme, seed: seed)
    for moment in optimizer.moments { moment.buffer.elements.update(repeating: 0) }
    residual?.clear()
    average?.begin(with: network.values)
  }

  /// Runs `body` with the averaged values in the network's place, where there is an average.
  func withAveragedValues<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let average else { return try body() }
    average.swap(with: network.values)
    defer { average.swap(with: network.values) }
    return try body()
  }

  /// Everything that is the same on all ranks, with what a tensor's name there begins with: values, average, and moments unless
  /// the ranks share these.
  var buffers: [(prefix: String, buffer: FloatBuffer)] {
    let average = average.map { [(prefix: "average.", buffer: $0.values)] } ?? []
    let moments = shares == nil ? optimizer.moments : []
    return [(prefix: "", buffer: network.values)] + average
      + moments.map { (prefix: "\($0.name).", buffer: $0.buffer) }
  }

  /// The whole moments, as checkpoints hold them; of a coordinator.
  var wholeMoments: [(name: String, buffer: FloatBuffer)] { momentExchange?.all ?? optimizer.moments }

  /// Gives every rank what a run starts from: ``buffers``, its own moments, and the residual. Collective.
  func broadcastStart() throws(Failure) {
    try broadcast()
    try momentExchange?.distribute()
    try residual?.broadcast(on: rank.communication)
  }

  /// Brings together on the coordinator what a checkpoint holds and ranks share: moments, and the residual. Collective.
  func gatherCheckpoint() throws(Failure) {
    try momentExchange?.gather()
    try residual?.gather(on: rank.communication)
  }

  /// Gives every rank the ``buffers`` of rank `root`.
  func broadcast(from root: Int = 0) throws(Failure) {
    for (_, buffer) in buffers {
      try rank.communication.broadcast(UnsafeMutableRawBufferPointer(buffer.elements), from: root)
    }
  }

  /// The operators of the settings' model.
  ///
  /// - Throws: `configuration` where the model cannot take the image size; says the smallest that it takes.
  static func graph(_ settings: TrainingSettings) throws(Failure) -> Graph {
    guard let model = ModelRegistry.named(settings.model) else { throw unknownModel(settings.model) }
    let size = settings.imageSize ?? model.input.height
    do {
      return try model.graph(size: size, classes: settings.classes, dropout: settings.dropout)
    } catch {
      throw Failure(
        .configuration, "\(model.name) cannot take \(size)x\(size) images: \(error)", at: "--image-size",
        advice: "give at least \(model.smallestSize(classes: settings.classes))")
    }
  }

  /// Bytes of parameters, their average and moments, and at most of the residual: what a checkpoint holds.
  static func checkpointBytes(_ graph: Graph, _ settings: TrainingSettings) -> Int {
    let copies = (settings.ema == 0 ? 1 : 2) + (settings.wire == .f32 ? 0 : 1)
    return (graph.parameterCount + graph.statisticCount) * MemoryLayout<Float>.stride * copies
      + momentBytes(graph, settings)
  }

  /// Bytes of the moments of all parameters.
  static func momentBytes(_ graph: Graph, _ settings: TrainingSettings) -> Int {
    let moments =
      switch settings.optimizer {
      case .adam, .adamw: 2
      case .sgd, .lars: settings.momentum == 0 ? 0 : 1
      }
    return (graph.parameterCount + graph.statisticCount) * MemoryLayout<Float>.stride * moments
  }

  static func optimizer(
    _ settings: TrainingSettings, _ network: Network, _ kernels: any KernelSet.Type,
    owned: OwnedRanges? = nil
  ) -> any Optimizer {
    let spans = network.parameters.map {
      ParameterSpan(
        offset: $0.slot.offset, count: $0.slot.count,
        decays: settings.decay == .all || $0.decays)
    }
    let (momentum, decay) = (settings.momentum, settings.weightDecay)
    return switch settings.optimizer {
    case .sgd:
      SGD(
        spans, momentum: momentum, nesterov: settings.nesterov, weightDecay: decay, owned: owned,
        kernels: kernels)
    case .adam: Adam(spans, weightDecay: decay, owned: owned, kernels: kernels)
    case .adamw: Adam(spans, weightDecay: decay, isDecoupled: true, owned: owned, kernels: kernels)
    case .lars: LARS(spans, momentum: momentum, weightDecay: decay, owned: owned, kernels: kernels)
    }
  }
}
