import Kernels
import Tensors

/// A model planned for a batch size: its parameters, their gradients, and an arena for everything in between.
///
/// Everything is allocated by `init`; a training step allocates nothing. One thread at a time may use a network.
public final class Network {
  /// Every parameter, in the order of PyTorch's `state_dict`.
  public let parameters: [Parameter]
  /// All parameters in one buffer; ``Parameter/slot`` says where each lies.
  public let values: FloatBuffer
  /// All gradients, at the same offsets; empty for a network that is only evaluated.
  public let gradients: FloatBuffer
  /// The shape of one sample.
  public let input: Shape
  /// The largest batch.
  public let capacity: Int
  /// The shape of one sample's logits.
  public var output: Shape { graph.nodes[graph.nodes.count - 1].output.shape }
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
    values = FloatBuffer(count: graph.parameterCount)
    gradients = FloatBuffer(count: training ? graph.parameterCount : 0)
    layout = ArenaLayout(graph, capacity: capacity, training: training, kernels: kernels)
    arena = FloatBuffer(count: layout.count)
  }

  /// Gives every parameter its first value.
  public func initialize(_ scheme: Initialization, seed: UInt64) {
    for (index, parameter) in parameters.enumerated() {
      let slot = parameter.slot
      scheme.fill(
        UnsafeMutableBufferPointer(start: values.base + slot.offset, count: slot.count), of: parameter,
        index: index, seed: seed)
    }
  }

  /// Computes the logits of a batch, (N, classes); they stay valid until the next call.
  ///
  /// - Parameter samples: names the samples for dropout; evaluation ignores it.
  public func forward(_ images: TensorView, mode: Mode, samples: SampleKeys) -> TensorView {
    precondition(images.batch <= capacity && images.shape.count == input.count, "the batch fits the plan")
    var x = images
    for (node, place) in zip(graph.nodes, layout.placements) {
      let source = place.x.map { view($0, images.batch, node.input.shape) } ?? images
      let target = view(place.y, images.batch, node.output.shape)
      node.op.forward(source, into: target, workspace(place, place.forwardScratch, mode, samples))
      x = target
    }
    return x
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
    let gradient = scale == nil ? nil : arena.base + layout.placements[layout.placements.count - 1].dy
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
    var end = gradients.count
    for index in graph.nodes.indices.reversed() {
      let (node, place) = (graph.nodes[index], layout.placements[index])
      let start = node.firstParameter
      if !accumulating, start < end {
        kernels.fill(gradients.base + start, count: end - start, value: 0)
      }
      let batch = images.batch
      node.op.backward(
        view(place.dy, batch, node.output.shape), into: place.dx.map { view($0, batch, node.input.shape) },
        x: place.x.map { view($0, batch, node.input.shape) } ?? images,
        y: view(place.y, batch, node.output.shape),
        workspace(place, place.backwardScratch, .training, samples))
      if start < end { ready(start) }
      end = start
    }
  }

  private func view(_ offset: Int, _ batch: Int, _ shape: Shape) -> TensorView {
    TensorView(arena.base + offset, batch: batch, shape: shape)
  }

  private func workspace(
    _ place: ArenaLayout.Placement, _ scratch: Int, _ mode: Mode, _ samples: SampleKeys
  ) -> Workspace {
    Workspace(
      kernels: kernels, mode: mode, parameters: values.base, gradients: gradients.base,
      saved: arena.base + place.saved, scratch: arena.base + scratch, samples: samples)
  }
}
