import Kernels
import Tensors

/// A model planned for a batch size: its parameters, their gradients, and an arena for everything in between.
///
/// Everything is allocated by `init`; a training step allocates nothing. One thread at a time may use a network.
public final class Network {
  /// Every parameter, in the order of PyTorch's `state_dict`.
  public let parameters: [Parameter]
  /// The running statistics, behind the parameters in the same buffers.
  public let statistics: [Parameter]
  /// All parameters and then all running statistics in one buffer; ``Parameter/slot`` says where each lies.
  public let values: FloatBuffer
  /// All gradients, at the same offsets, and then what a step adds to the running statistics; empty for a network that is
  /// only evaluated.
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
  public var arenaCount: Int { arena.count }

  private let graph: Graph
  private let layout: ArenaLayout
  private let arena: FloatBuffer
  private let kernels: any KernelSet.Type

  /// Plans `graph`'s operators and reserves their memory.
  ///
  /// - Parameters:
  ///   - capacity: the largest batch.
  ///   - training: also reserves gradients; without it only ``forward(_:mode:samples:)`` may be called.
  public init(_ graph: Graph, capacity: Int, training: Bool, kernels: any KernelSet.Type) {
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
    values = FloatBuffer(count: graph.parameterCount + graph.statisticCount)
    gradients = FloatBuffer(count: training ? values.count : 0)
    layout = ArenaLayout(graph, capacity: capacity, training: training, kernels: kernels)
    arena = FloatBuffer(count: layout.count)
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
  ///   - samples: names the samples for dropout and says how much they count in running statistics; evaluation ignores it.
  ///   - accumulating: adds to the statistics of the step instead of starting from zero.
  public func forward(
    _ images: TensorView, mode: Mode, samples: SampleKeys, accumulating: Bool = false
  ) -> TensorView {
    precondition(images.batch <= capacity && images.shape.count == input.count, "the batch fits the plan")
    let statistics = values.count - parameterCount
    if mode == .training, !accumulating, statistics > 0 {
      kernels.fill(gradients.base + parameterCount, count: statistics, value: 0)
    }
    for index in graph.nodes.indices { forward(index, images, mode: mode, samples: samples) }
    return view(layout.logits, images.batch, graph.output)
  }

  /// One operator's part of ``forward(_:mode:samples:accumulating:)``.
  package func forward(_ index: Int, _ images: TensorView, mode: Mode, samples: SampleKeys) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let source = place.x.map { view($0, images.batch, node.input) } ?? images
    let target = view(place.y, images.batch, node.output)
    node.op.forward(source, into: target, workspace(place, place.forwardScratch, mode, samples))
  }

  /// Moves the running statistics towards those of the step, which lie behind the gradients:
  /// running += momentum (step - running), with PyTorch's momentum of a tenth.
  public func updateStatistics() {
    kernels.average(
      gradients.base + parameterCount, into: values.base + parameterCount,
      count: values.count - parameterCount, share: 0.1)
    for index in batchesTracked.indices { batchesTracked[index] += 1 }
  }

  /// Softmax cross-entropy of logits that ``forward(_:mode:samples:)`` returned.
  ///
  /// - Parameters:
  ///   - targets: what each sample should be.
  ///   - scale: 1 / the global batch when ``backward(_:samples:accumulating:ready:)`` follows, to average over all ranks' samples; nil
  ///     for evaluation.
  /// - Returns: the sum of the samples' losses, and how many were classified right.
  public func loss(_ logits: TensorView, targets: LossTargets, scale: Float?) -> (loss: Double, correct: Int)
  {
    let gradient = scale == nil ? nil : arena.base + layout.logitsGradient
    return kernels.softmaxCrossEntropy(
      batch: logits.batch, classes: logits.shape.count, logits: logits.base, targets: targets,
      scale: scale ?? 0, gradient: gradient)
  }

  /// Computes every parameter's gradient of the loss, from the last layer to the first.
  ///
  /// - Parameters:
  ///   - images: the batch of the forward pass.
  ///   - accumulating: adds to the gradients that are there instead of starting from zero.
  ///   - ready: called after each operator with an offset; the gradients at and behind it are complete.
  public func backward(
    _ images: TensorView, samples: SampleKeys, accumulating: Bool = false, ready: (Int) -> Void = { _ in }
  ) {
    precondition(gradients.count == values.count, "the network was planned for training")
    if parameterCount < values.count { ready(parameterCount) }
    var end = parameterCount
    for index in graph.nodes.indices.reversed() {
      let start = graph.nodes[index].firstParameter
      if !accumulating, start < end {
        kernels.fill(gradients.base + start, count: end - start, value: 0)
      }
      backward(index, images, samples: samples)
      if start < end { ready(start) }
      end = start
    }
  }

  /// One operator's part of ``backward(_:samples:accumulating:ready:)``; adds to its parameters' gradients.
  package func backward(_ index: Int, _ images: TensorView, samples: SampleKeys) {
    let (node, place, batch) = (graph.nodes[index], layout.placements[index], images.batch)
    node.op.backward(
      view(place.dy, batch, node.output), into: place.dx.map { view($0, batch, node.input) },
      x: place.x.map { view($0, batch, node.input) } ?? images, y: view(place.y, batch, node.output),
      workspace(place, place.backwardScratch, .training, samples))
  }

  private func view(_ offset: Int, _ batch: Int, _ value: Value) -> TensorView {
    TensorView(arena.base + offset, batch: batch, shape: value.shape, stride: value.stride)
  }

  private func workspace(
    _ place: ArenaLayout.Placement, _ scratch: Int, _ mode: Mode, _ samples: SampleKeys
  ) -> Workspace {
    Workspace(
      kernels: kernels, mode: mode, addsInputGradient: place.adds, parameters: values.base,
      gradients: gradients.base, statistics: values.base + parameterCount,
      statisticSums: gradients.base + (gradients.count > 0 ? parameterCount : 0),
      saved: arena.base + place.saved, scratch: arena.base + scratch, samples: samples)
  }
}
