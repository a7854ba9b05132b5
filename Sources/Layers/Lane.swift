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
  /// Floats of parameters and of statistics that belong to the operators that run shard by shard.
  private let leadingParameters: Int
  private let leadingStatistics: Int
  /// What shards of the largest batch add to these while they wait for their neighbours.
  private let shardSums: FloatBuffer
  private let shards: Int

  /// - Parameter shards: of the largest batch.
  init(
    _ graph: Graph, _ layout: ArenaLayout, shards: Int, values: FloatBuffer, gradients: FloatBuffer,
    kernels: any KernelSet.Type
  ) {
    self.graph = graph
    self.layout = layout
    self.shards = shards
    self.values = values
    self.gradients = gradients
    self.kernels = kernels
    parameterCount = graph.parameterCount
    arena = FloatBuffer(count: layout.count)
    let rest = graph.nodes.dropFirst(layout.leadingCount).first
    leadingParameters = rest?.firstParameter ?? graph.parameterCount
    leadingStatistics = rest?.firstStatistic ?? graph.statisticCount
    let isNeeded = layout.leadingCount > 0 && gradients.count > 0
    let weights = max(leadingParameters, leadingStatistics)
    shardSums = FloatBuffer(
      count: isNeeded ? kernels.treeScratch(shards, weights: weights, biases: 0) : 0)
  }

  /// Floats that hold what a pass works with.
  var roomCount: Int { arena.count + shardSums.count }

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
    // Evaluation has no sums, and may have no gradients that they lie behind.
    let sums = gradients.base + (mode == .training ? parameterCount : 0)
    let count = values.count - parameterCount
    if mode == .training, !accumulating, count > 0 { kernels.fill(sums, count: count, value: 0) }
    func runLeading(_ part: Part, _ sums: UnsafeMutablePointer<Float>) {
      for index in 0..<layout.leadingCount {
        forward(index, part, mode: mode, statisticSums: sums)
        ran?(index)
      }
    }
    if layout.leadingCount > 0 {
      switch mode {
      case .training: addShards(of: images, samples, into: sums, count: leadingStatistics, runLeading)
      case .evaluation:
        for first in stride(from: 0, to: images.batch, by: layout.together) {
          let some = first..<min(images.batch, first + layout.together)
          runLeading(part(0, some, of: images, samples, nil), sums)
        }
      }
    }
    let whole = Part(images: images, samples: samples)
    for index in layout.leadingCount..<graph.nodes.count {
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
      workspace(
        place, place.forwardScratch, part, mode, gradients: gradients.base, statisticSums: statisticSums))
  }

  private func part(
    _ index: Int, _ range: Range<Int>, of images: TensorView, _ samples: SampleKeys, _ shards: Shards?
  ) -> Part {
    var samples = samples
    samples.firstPosition += range.lowerBound
    samples.shards = shards
    let first = images.base + range.lowerBound * images.shape.count
    return Part(
      index: index, first: range.lowerBound,
      images: TensorView(first, batch: range.count, shape: images.shape), samples: samples)
  }

  /// sums += the tree of what `body` adds for each shard of a batch.
  private func addShards(
    of images: TensorView, _ samples: SampleKeys, into sums: UnsafeMutablePointer<Float>, count: Int,
    _ body: (_ part: Part, _ sums: UnsafeMutablePointer<Float>) -> Void
  ) {
    let shards = samples.shards ?? Shards(whole: images.batch)
    precondition(
      shards.largest <= layout.together && shards.count <= self.shards, "the shards fit the plan")
    kernels.addShards(shards, weight: sums, weights: count, bias: nil, biases: 0, scratch: shardSums.base) {
      shard, sums, _ in
      let own = shards.part(shard.index, of: shards.count)
      body(part(shard.index, shard.samples, of: images, samples, own), sums)
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
    guard layout.leadingCount > 0 else { return }
    addShards(of: images, samples, into: gradients.base, count: leadingParameters) { part, gradients in
      for index in (0..<layout.leadingCount).reversed() {
        backward(index, part, gradients: gradients)
        ran?(index)
      }
    }
  }

  private func backward(
    _ index: Int, _ part: Part, gradients: UnsafeMutablePointer<Float>, factors: FactorRows? = nil
  ) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    var workspace = workspace(
      place, place.backwardScratch, part, .training, gradients: gradients,
      statisticSums: self.gradients.base + parameterCount)
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
    gradients: UnsafeMutablePointer<Float>, statisticSums: UnsafeMutablePointer<Float>
  ) -> Workspace {
    Workspace(
      kernels: kernels, mode: mode, addsInputGradient: place.adds, parameters: values.base,
      gradients: gradients, statistics: values.base + parameterCount,
      statisticSums: statisticSums,
      saved: arena.base + place.saved + part.index * place.savedStride, scratch: arena.base + scratch,
      samples: part.samples, shards: part.samples.shards ?? Shards(whole: part.images.batch), factors: nil)
  }
}
