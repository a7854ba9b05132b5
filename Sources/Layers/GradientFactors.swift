import Kernels
import Tensors

/// The factors of a large linear layer's weight gradient: dw = x transposed dy over the whole global batch.
///
/// They are far smaller than the gradient: VGG-11's first linear layer has 411 MB of it, and 117 kB of factors a sample. So ranks
/// exchange the factors and each multiplies those of all ranks, instead of adding up gradients (sufficient factor broadcasting;
/// Xie et al., 2016, and Zhang et al., 2017, arXiv:1706.03292). The product sums over the samples in the order of the global
/// batch, whatever the number of ranks and threads: every shard has as many rows, and where it has fewer samples, zeros. It is made some rows at a time while the optimizer uses them, so that the whole
/// gradient is never in memory.
public final class GradientFactors {
  public let inputs: Int
  public let outputs: Int
  /// Rows of a rank.
  public let capacity: Int
  /// This rank's rows of x and of dy; those without a sample are zero.
  public let x: UnsafeMutableBufferPointer<Float>
  public let dy: UnsafeMutableBufferPointer<Float>
  /// The rows of all ranks in their order.
  public let allX: UnsafeMutableBufferPointer<Float>
  public let allDy: UnsafeMutableBufferPointer<Float>
  /// Shards of a rank, and the rows of each.
  private let shards: Int
  private let rowsPerShard: Int
  /// The layer's place among the operators, and its parameters.
  let node: Int
  let weight: Slot
  let bias: Slot
  /// The sum of the squares of dw, which is the sum over samples a and b of (x_a x_b) (dy_a dy_b); one term for each a.
  private let terms: UnsafeMutableBufferPointer<Double>
  private let buffer: FloatBuffer
  private let ranks: Int

  init(_ node: Int, _ op: LinearOperator, room: Shards, ranks: Int) {
    (self.node, inputs, outputs) = (node, op.inputs, op.outputs)
    (weight, bias) = (op.weight, op.bias)
    (capacity, shards, rowsPerShard) = (room.samples, room.count, room.largest)
    self.ranks = ranks
    let own = capacity * (inputs + outputs)
    let storage = FloatBuffer(count: ranks == 1 ? own : own * (1 + ranks))
    func part(_ offset: Int, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(start: storage.base + offset, count: count)
    }
    terms = .allocate(capacity: capacity * ranks)
    terms.initialize(repeating: 0)
    buffer = storage
    x = part(0, capacity * inputs)
    dy = part(capacity * inputs, capacity * outputs)
    allX = ranks == 1 ? x : part(own, ranks * capacity * inputs)
    allDy = ranks == 1 ? dy : part(own + ranks * capacity * inputs, ranks * capacity * outputs)
  }

  deinit { terms.deallocate() }

  /// The flat buffers' range of which nothing is reduced.
  public var range: Range<Int> { weight.offset..<bias.offset + FloatBuffer.aligned(bias.count) }
  /// That of the weight, whose gradient is nowhere in memory.
  public var weightRange: Range<Int> { weight.offset..<weight.offset + weight.count }

  /// Where the `part`-th of as many lanes leaves its factors.
  ///
  /// - Parameters:
  ///   - first: this part's first sample.
  ///   - isLast: whether the rows behind its samples are nobody's.
  func rows(_ part: Int, of parts: Int, first: Int, isLast: Bool) -> FactorRows {
    // One shard is divided among the lanes wherever it is cut; several are divided as they are.
    let row = shards == 1 ? first : part * (shards / parts) * rowsPerShard
    return FactorRows(
      x: x.baseAddress! + row * inputs, dy: dy.baseAddress! + row * outputs,
      rowsPerShard: shards > 1 ? rowsPerShard : isLast ? capacity - first : nil)
  }

  /// db = the sum of dy over the global batch, in the flat buffer.
  func addUpBias(into gradients: FloatBuffer, _ kernels: any KernelSet.Type) {
    kernels.outerProducts(
      batch: ranks * capacity, inputs: inputs, outputs: outputs, rows: 0..<0, x: allX.baseAddress!,
      dy: allDy.baseAddress!, weight: gradients.base + weight.offset, bias: gradients.base + bias.offset)
  }

  /// Some rows of dw.
  func multiply(_ rows: Range<Int>, into dw: UnsafeMutablePointer<Float>, _ kernels: any KernelSet.Type) {
    kernels.outerProducts(
      batch: ranks * capacity, inputs: inputs, outputs: outputs, rows: rows, x: allX.baseAddress!,
      dy: allDy.baseAddress!, weight: dw, bias: nil)
  }

  /// A part of the terms of ``sumOfSquares``: each sample with those up to it.
  func multiplySamples(_ part: Int, of parts: Int, _ kernels: any KernelSet.Type) {
    let (x, dy) = (allX.baseAddress!, allDy.baseAddress!)
    for a in stride(from: part, to: terms.count, by: parts) {
      var sum = 0.0
      for b in 0...a {
        sum +=
          (a == b ? 1 : 2) * kernels.dot(x + a * inputs, x + b * inputs, count: inputs)
          * kernels.dot(dy + a * outputs, dy + b * outputs, count: outputs)
      }
      terms[a] = sum
    }
  }

  /// The sum of the squares of dw; infinite where an element of it may not fit a float.
  var sumOfSquares: Double {
    let sum = terms.reduce(0, +)
    let most = Double(Float.greatestFiniteMagnitude) * Double(Float.greatestFiniteMagnitude)
    if sum.isNaN { return sum }
    return sum < most ? max(0, sum) : .infinity
  }

  /// Samples of a global batch up to which multiplying the factors of all ranks costs less than adding up gradients; measured.
  private static let mostSamples = 128
  /// Weights from which it is worth the trouble.
  private static let fewestWeights = 1 << 18

  /// The layers of a graph whose gradients are exchanged as factors.
  ///
  /// - Parameters:
  ///   - room: the most samples of a rank, in its shards.
  static func of(_ graph: Graph, room: Shards, ranks: Int) -> [GradientFactors] {
    graph.nodes.enumerated().compactMap { index, node in
      guard let op = node.op as? LinearOperator, op.inputs * op.outputs >= fewestWeights,
        room.samples * ranks <= mostSamples,
        4 * room.samples * ranks * (op.inputs + op.outputs) <= op.inputs * op.outputs
      else { return nil }
      return GradientFactors(index, op, room: room, ranks: ranks)
    }
  }
}

/// Where an operator leaves the factors of its weight's gradient for some samples.
struct FactorRows {
  fileprivate let x: UnsafeMutablePointer<Float>
  fileprivate let dy: UnsafeMutablePointer<Float>
  /// Rows that belong to each shard, and are zero behind its samples; nil where they end with them.
  fileprivate let rowsPerShard: Int?

  func keep(_ x: TensorView, _ dy: TensorView, _ shards: Shards, _ kernels: any KernelSet.Type) {
    for shard in 0..<shards.count {
      keep(x, shards[shard], into: self.x, kernels)
      keep(dy, shards[shard], into: self.dy, kernels)
    }
  }

  private func keep(
    _ rows: TensorView, _ shard: Shard, into target: UnsafeMutablePointer<Float>,
    _ kernels: any KernelSet.Type
  ) {
    let (length, count) = (rows.shape.count, shard.samples.count)
    let target = target + shard.index * (rowsPerShard ?? 0) * length
    target.update(from: rows.base + shard.samples.lowerBound * length, count: count * length)
    guard let rowsPerShard, rowsPerShard > count else { return }
    kernels.fill(target + count * length, count: (rowsPerShard - count) * length, value: 0)
  }
}

/// The other ranks, as backward sees them.
public protocol GradientExchange: AnyObject {
  /// The gradients at and behind `offset` are this rank's own and complete, but for those that come from factors.
  func gradientsReady(from offset: Int)
  /// This rank's rows of the factors are there.
  func factorsReady(_ factors: GradientFactors)
  /// Waits until the rows of all ranks are there.
  func waitForFactors(_ factors: GradientFactors)
}
