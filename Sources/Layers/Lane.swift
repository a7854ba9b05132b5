import Kernels
import Tensors

/// What a thread of a network works with: an arena for a part of a batch, and where its gradients go.
///
/// Lanes share the parameters and do every operator on their own samples. The first lane's gradients are the network's; the
/// others' are added to them.
final class Lane {
  let gradients: FloatBuffer
  let layout: ArenaLayout
  let arena: FloatBuffer
  /// Of the last loss.
  var score = (loss: 0.0, correct: 0)
  private let graph: Graph
  private let values: FloatBuffer
  private let parameterCount: Int
  private let kernels: any KernelSet.Type

  init(
    _ graph: Graph, _ layout: ArenaLayout, values: FloatBuffer, gradients: FloatBuffer,
    kernels: any KernelSet.Type
  ) {
    self.graph = graph
    self.layout = layout
    self.values = values
    self.gradients = gradients
    self.kernels = kernels
    parameterCount = graph.parameterCount
    arena = FloatBuffer(count: layout.count)
  }

  /// All operators forward.
  func forward(_ images: TensorView, mode: Mode, samples: SampleKeys, accumulating: Bool) -> TensorView {
    let statistics = values.count - parameterCount
    if mode == .training, !accumulating, statistics > 0 {
      kernels.fill(gradients.base + parameterCount, count: statistics, value: 0)
    }
    for index in graph.nodes.indices { forward(index, images, mode: mode, samples: samples) }
    return view(layout.logits, images.batch, graph.output)
  }

  /// One operator forward.
  func forward(_ index: Int, _ images: TensorView, mode: Mode, samples: SampleKeys) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let source = place.x.map { view($0, images.batch, node.input) } ?? images
    let target = view(place.y, images.batch, node.output)
    node.op.forward(source, into: target, workspace(place, place.forwardScratch, images.batch, mode, samples))
  }

  /// Softmax cross-entropy of this lane's logits; see ``Network/loss(_:targets:scale:)``.
  func loss(batch: Int, targets: LossTargets, scale: Float?) -> (loss: Double, correct: Int) {
    kernels.softmaxCrossEntropy(
      batch: batch, classes: graph.output.shape.count, logits: arena.base + layout.logits, targets: targets,
      scale: scale ?? 0, gradient: scale == nil ? nil : arena.base + layout.logitsGradient)
  }

  /// One operator backward.
  ///
  /// - Parameter factors: where a linear layer leaves the factors of its weight's gradient instead of the gradient.
  func backward(_ index: Int, _ images: TensorView, samples: SampleKeys, factors: FactorRows? = nil) {
    let (node, place, batch) = (graph.nodes[index], layout.placements[index], images.batch)
    var workspace = workspace(place, place.backwardScratch, batch, .training, samples)
    workspace.factors = factors
    node.op.backward(
      view(place.dy, batch, node.output), into: place.dx.map { view($0, batch, node.input) },
      x: place.x.map { view($0, batch, node.input) } ?? images, y: view(place.y, batch, node.output),
      workspace)
  }

  private func view(_ offset: Int, _ batch: Int, _ value: Value) -> TensorView {
    TensorView(arena.base + offset, batch: batch, shape: value.shape, stride: value.stride)
  }

  private func workspace(
    _ place: ArenaLayout.Placement, _ scratch: Int, _ batch: Int, _ mode: Mode, _ samples: SampleKeys
  ) -> Workspace {
    Workspace(
      kernels: kernels, mode: mode, addsInputGradient: place.adds, parameters: values.base,
      gradients: gradients.base, statistics: values.base + parameterCount,
      statisticSums: gradients.base + (gradients.count > 0 ? parameterCount : 0),
      saved: arena.base + place.saved, scratch: arena.base + scratch, samples: samples,
      shards: samples.shards ?? Shards(whole: batch), factors: nil)
  }
}
