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
  /// Parameters and statistics of the operators that run shard by shard, and what shards add to them while they wait for their
  /// neighbours.
  private let leading: (parameters: Int, statistics: Int)
  private let sums: FloatBuffer
  private let kernels: any KernelSet.Type

  /// - Parameter shards: of the largest batch.
  init(
    _ graph: Graph, _ layout: ArenaLayout, shards: Int, values: FloatBuffer, gradients: FloatBuffer,
    kernels: any KernelSet.Type
  ) {
    self.graph = graph
    self.layout = layout
    self.values = values
    self.gradients = gradients
    self.kernels = kernels
    parameterCount = graph.parameterCount
    arena = FloatBuffer(count: layout.count)
    let rest = graph.nodes.dropFirst(layout.shardByShard).first
    leading = (
      rest?.firstParameter ?? graph.parameterCount, rest?.firstStatistic ?? graph.statisticCount
    )
    let isSplit = layout.shardByShard > 0 && gradients.count > 0
    sums = FloatBuffer(
      count: isSplit
        ? kernels.treeScratch(shards, weights: max(leading.parameters, leading.statistics), biases: 0) : 0)
  }

  /// What operators run on: the batch, or some of its samples.
  private struct Part {
    /// Its number, and that of its first sample.
    var index = 0
    var first = 0
    let images: TensorView
    let samples: SampleKeys
  }

  /// All operators forward.
  ///
  /// - Parameter ran: told after each operator which it was; of those that run shard by shard, for every shard.
  func forward(
    _ images: TensorView, mode: Mode, samples: SampleKeys, accumulating: Bool, ran: ((Int) -> Void)? = nil
  ) -> TensorView {
    let sums = gradients.base + (mode == .training ? parameterCount : 0)
    let count = values.count - parameterCount
    if mode == .training, !accumulating, count > 0 { kernels.fill(sums, count: count, value: 0) }
    forEachShard(of: images, samples, mode, into: sums, count: leading.statistics) { part, sums in
      for index in 0..<layout.shardByShard {
        forward(index, part, mode: mode, statisticSums: sums)
        ran?(index)
      }
    }
    let whole = Part(images: images, samples: samples)
    for index in layout.shardByShard..<graph.nodes.count {
      forward(index, whole, mode: mode, statisticSums: sums)
      ran?(index)
    }
    return TensorView(
      arena.base + layout.logits.offset, batch: images.batch, shape: graph.output.shape,
      stride: graph.output.stride)
  }

  /// One operator forward.
  private func forward(
    _ index: Int, _ part: Part, mode: Mode, statisticSums: UnsafeMutablePointer<Float>
  ) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let source = place.x.map { view($0, part, node.input) } ?? part.images
    node.op.forward(
      source, into: view(place.y, part, node.output),
      workspace(place, place.forwardScratch, part, mode, statisticSums: statisticSums))
  }

  /// Calls `body` with every part of a batch that operators run on shard by shard, and with where it adds to `sums`, which in training
  /// are added up in the tree of shards.
  private func forEachShard(
    of images: TensorView, _ samples: SampleKeys, _ mode: Mode, into sums: UnsafeMutablePointer<Float>,
    count: Int, _ body: (_ part: Part, _ sums: UnsafeMutablePointer<Float>) -> Void
  ) {
    guard layout.shardByShard > 0 else { return }
    func part(_ index: Int, _ range: Range<Int>, _ shards: Shards?) -> Part {
      var samples = samples
      samples.firstPosition += range.lowerBound
      samples.shards = shards
      let first = images.base + range.lowerBound * images.shape.count
      return Part(
        index: index, first: range.lowerBound,
        images: TensorView(first, batch: range.count, shape: images.shape), samples: samples)
    }
    guard mode == .training else {
      for (index, first) in stride(from: 0, to: images.batch, by: layout.together).enumerated() {
        body(part(index, first..<min(images.batch, first + layout.together), nil), sums)
      }
      return
    }
    let shards = samples.shards ?? Shards(whole: images.batch)
    precondition(shards.largest <= layout.together, "a shard fits the plan")
    kernels.addShards(shards, weight: sums, weights: count, bias: nil, biases: 0, scratch: self.sums.base) {
      shard, sums, _ in
      body(part(shard.index, shard.samples, shards.part(shard.index, of: shards.count)), sums)
    }
  }

  /// Softmax cross-entropy of this lane's logits; see ``Network/loss(_:targets:scale:)``.
  func loss(batch: Int, targets: LossTargets, scale: Float?) -> (loss: Double, correct: Int) {
    kernels.softmaxCrossEntropy(
      batch: batch, classes: graph.output.shape.count, logits: arena.base + layout.logits.offset,
      targets: targets,
      scale: scale ?? 0, gradient: scale == nil ? nil : arena.base + layout.logitsGradient.offset)
  }

  /// One operator backward, of those that run on the batch.
  ///
  /// - Parameter factors: where a linear layer leaves the factors of its weight's gradient instead of the gradient.
  func backward(_ index: Int, _ images: TensorView, samples: SampleKeys, factors: FactorRows? = nil) {
    backward(
      index, Part(images: images, samples: samples), gradients: gradients.base, factors: factors)
  }

  /// Backward of the operators that run shard by shard, the last of them first.
  ///
  /// - Parameter ran: told after each operator which it was, for every shard.
  func backwardByShards(_ images: TensorView, samples: SampleKeys, ran: ((Int) -> Void)? = nil) {
    forEachShard(of: images, samples, .training, into: gradients.base, count: leading.parameters) {
      part, gradients in
      for index in (0..<layout.shardByShard).reversed() {
        backward(index, part, gradients: gradients)
        ran?(index)
      }
    }
  }

  private func backward(
    _ index: Int, _ part: Part, gradients: UnsafeMutablePointer<Float>, factors: FactorRows? = nil
  ) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    var workspace = workspace(place, place.backwardScratch, part, .training, gradients: gradients)
    workspace.factors = factors
    node.op.backward(
      view(place.dy, part, node.output), into: place.dx.map { view($0, part, node.input) },
      x: place.x.map { view($0, part, node.input) } ?? part.images, y: view(place.y, part, node.output),
      workspace)
  }

  private func view(_ buffer: ArenaLayout.Buffer, _ part: Part, _ value: Value) -> TensorView {
    TensorView(
      arena.base + buffer.offset + part.first * buffer.sampleStride, batch: part.images.batch,
      shape: value.shape, stride: value.stride)
  }

  /// - Parameters:
  ///   - gradients: where backward adds the parameters'.
  ///   - statisticSums: where forward adds the step's statistics.
  private func workspace(
    _ place: ArenaLayout.Placement, _ scratch: Int, _ part: Part, _ mode: Mode,
    gradients: UnsafeMutablePointer<Float>? = nil, statisticSums: UnsafeMutablePointer<Float>? = nil
  ) -> Workspace {
    Workspace(
      kernels: kernels, mode: mode, addsInputGradient: place.adds, parameters: values.base,
      gradients: gradients ?? self.gradients.base, statistics: values.base + parameterCount,
      statisticSums: statisticSums ?? self.gradients.base,
      saved: arena.base + place.saved + part.index * place.savedStride, scratch: arena.base + scratch,
      samples: part.samples, shards: part.samples.shards ?? Shards(whole: part.images.batch), factors: nil)
  }
}
