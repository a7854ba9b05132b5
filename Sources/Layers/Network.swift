import Kernels
import Tensors
import Threads

/// A model planned for a batch size: its parameters, their gradients, and an arena for everything in between.
///
/// Everything is allocated by `init`; a training step allocates nothing. One thread at a time may use a network, which divides the
/// work among its team.
public final class Network {
  /// Every parameter, in the order of PyTorch's `state_dict`.
  public let parameters: [Parameter]
  /// The running statistics, behind the parameters in the same buffers.
  public let statistics: [Parameter]
  /// All parameters and then all running statistics in one buffer; ``Parameter/slot`` says where each lies.
  public let values: FloatBuffer
  /// All gradients but those that come from ``factors``, at the same offsets, and then what a step adds to the running statistics;
  /// empty for a network that is only evaluated.
  public let gradients: FloatBuffer
  /// Floats of parameters: what an optimizer updates.
  public let parameterCount: Int
  /// Names of the counters of batches, one for each batch normalisation, and what they count.
  public let counters: [String]
  public var batchesTracked: [Int64]
  /// The shape of one sample.
  public let input: Shape
  /// The largest batch.
  public let capacity: Int
  /// The shape of one sample's logits.
  public var output: Shape { graph.output.shape }
  /// Floats of activations, their gradients and scratch.
  public var arenaCount: Int { lanes.arenaCount }

  /// Copies of the gradients, which are added up.
  public var laneCount: Int { lanes.count }

  /// Layers whose weight gradients are computed from the factors of all ranks, in the order of the network.
  public let factors: [GradientFactors]

  /// Whether the last backward left the gradients of ``factors`` as these.
  public var usesFactors: Bool { lanes.usesFactors }

  private let graph: Graph
  private let kernels: any KernelSet.Type
  private let lanes: Lanes

  /// Plans `graph`'s operators and reserves their memory.
  ///
  /// - Parameters:
  ///   - capacity: the largest batch.
  ///   - training: also reserves gradients; without it only ``forward(_:mode:samples:accumulating:)`` may be called.
  ///   - shards: into how many shards this rank's part of a batch is cut at most; the team's threads divide them.
  ///   - team: threads that share the work; each computes some of the samples. nil for the caller's alone.
  ///   - ranks: how many train together, if large gradients are to be exchanged as ``factors``; nil if not.
  ///   - format: of gradients where they are added up over shards. With `bf16` sums of shards are rounded before they are added to each
  ///     other, as those of ranks are that send them in 16 bits; that takes gradients of each shard apart.
  public init(
    _ graph: Graph, capacity: Int, training: Bool, kernels: any KernelSet.Type, shards: Int = 1,
    team: ThreadTeam? = nil, ranks: Int? = nil, format: FloatFormat = .f32
  ) {
    precondition(!graph.nodes.isEmpty && capacity > 0, "a network has a layer and room for a sample")
    self.graph = graph
    self.capacity = capacity
    self.kernels = kernels
    input = graph.input.shape
    parameters = graph.parameters
    statistics = graph.statistics
    counters = graph.counters
    batchesTracked = [Int64](repeating: 0, count: graph.counters.count)
    parameterCount = graph.parameterCount
    let values = FloatBuffer(count: graph.parameterCount + graph.statisticCount)
    let gradients = FloatBuffer(count: training ? values.count : 0)
    self.values = values
    self.gradients = gradients
    let room = Shards(roomFor: shards, of: (capacity + shards - 1) / shards)
    factors = training ? ranks.map { GradientFactors.of(graph, room: room, ranks: $0) } ?? [] : []
    lanes = Lanes(
      graph, capacity: capacity, shards: shards, values: values, gradients: gradients, factors: factors,
      isAlone: ranks == 1, format: format, kernels: kernels,
      team: team ?? ThreadTeam(count: 1, name: "lane"))
  }

  /// Gives every parameter and running statistic its first value.
  public func initialize(_ scheme: Initialization, seed: UInt64) {
    for index in batchesTracked.indices { batchesTracked[index] = 0 }
    for (index, parameter) in (parameters + statistics).enumerated() {
      let slot = parameter.slot
      scheme.fill(
        UnsafeMutableBufferPointer(start: values.base + slot.offset, count: slot.count), of: parameter,
        index: index, seed: seed)
    }
  }

  /// Computes the logits of a batch, (N, classes); they stay valid until the next call.
  ///
  /// - Parameters:
  ///   - samples: names the samples for dropout and says into which shards they are cut; evaluation ignores it.
  ///   - accumulating: adds to the statistics of the step instead of starting from zero.
  public func forward(
    _ images: TensorView, mode: Mode, samples: SampleKeys, accumulating: Bool = false
  ) -> TensorView {
    precondition(images.batch <= capacity && images.shape.count == input.count, "the batch fits the plan")
    return lanes.forward(images, mode: mode, samples: samples, accumulating: accumulating)
  }

  /// ``forward(_:mode:samples:accumulating:)`` in training, of a network with one lane.
  ///
  /// - Parameter ran: told after each operator which it was; of those that run shard by shard, for every shard.
  package func forward(_ images: TensorView, samples: SampleKeys, ran: (Int) -> Void) -> TensorView {
    withoutActuallyEscaping(ran) {
      lanes.first.forward(images, mode: .training, samples: samples, accumulating: false, ran: $0)
    }
  }

  /// Moves the running statistics towards those of the step, which lie behind the gradients:
  /// running += momentum (step - running), with PyTorch's momentum of a tenth.
  public func updateStatistics() {
    kernels.average(
      gradients.base + parameterCount, into: values.base + parameterCount,
      count: values.count - parameterCount, share: 0.1)
    for index in batchesTracked.indices { batchesTracked[index] += 1 }
  }

  /// Softmax cross-entropy of the logits that ``forward(_:mode:samples:accumulating:)`` returned last.
  ///
  /// - Parameters:
  ///   - targets: what each sample should be.
  ///   - scale: 1 / the global batch when backward follows, to average over all ranks' samples; nil for evaluation.
  /// - Returns: the sum of the samples' losses, and how many were classified right.
  public func loss(_ logits: TensorView, targets: LossTargets, scale: Float?) -> (loss: Double, correct: Int)
  {
    lanes.loss(batch: logits.batch, targets: targets, scale: scale)
  }

  /// Computes every parameter's gradient of the loss, from the last layer to the first.
  ///
  /// - Parameters:
  ///   - images: the batch of the forward pass.
  ///   - accumulating: adds to the gradients that are there instead of starting from zero.
  ///   - completing: whether the gradients are wanted now; else other samples' follow, which add to them.
  ///   - exchange: told what is complete, after each operator, and after all that run shard by shard at once; nil where the gradients
  ///     are this rank's alone. With ``factors`` it also exchanges these.
  public func backward(
    _ images: TensorView, samples: SampleKeys, accumulating: Bool = false, completing: Bool = true,
    exchange: (any GradientExchange)? = nil
  ) {
    precondition(gradients.count == values.count, "the network was planned for training")
    lanes.backward(
      images, samples: samples, accumulating: accumulating, completing: completing, exchange: exchange)
  }

  /// The gradients as an optimizer reads them, once for each thread of the team.
  public var gradientSources: [any GradientSource] { lanes.gradientSources }

  /// The sum of the squares of all gradients, in double precision; the same on any number of threads. Not finite where any of them
  /// is not.
  public func sumOfGradientSquares() -> Double { lanes.sumOfGradientSquares { _ in } }

  /// As ``sumOfGradientSquares()``, where this rank has the sums of some gradients alone; see ``own(_:)``.
  ///
  /// - Parameter sharing: adds up, over all ranks, the squares of blocks, which are 0 where the gradients are another's.
  public func sumOfGradientSquares<Problem: Error>(
    sharing: (UnsafeMutableBufferPointer<Double>) throws(Problem) -> Void
  ) throws(Problem) -> Double {
    try lanes.sumOfGradientSquares(sharing: sharing)
  }

  /// Says that after the reduction the gradients in some ranges alone are here, besides those that come from ``factors``. Ranges end
  /// at multiples of ``GradientBlocks/grain`` or where a parameter ends.
  public func own(_ ranges: [Range<Int>]) { lanes.own(ranges) }

  /// Backward, of a network with one lane; adds to the parameters' gradients.
  ///
  /// - Parameter ran: told after each operator which it was; of those that run shard by shard, for every shard.
  package func backward(_ images: TensorView, samples: SampleKeys, ran: (Int) -> Void) {
    for index in (lanes.first.layout.leadingCount..<graph.nodes.count).reversed() {
      lanes.first.backward(index, images, samples: samples)
      ran(index)
    }
    withoutActuallyEscaping(ran) { lanes.first.backwardByShards(images, samples: samples, ran: $0) }
  }
}
