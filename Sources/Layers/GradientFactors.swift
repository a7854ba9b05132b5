import Kernels
import Tensors

/// The factors of a large linear layer's weight gradient: dw = x transposed dy over the whole global batch.
///
/// They are far smaller than the gradient: VGG-11's first linear layer has 411 MB of it, and 117 kB of factors a sample. So ranks
/// exchange the factors and each multiplies those of all ranks, instead of adding up gradients (sufficient factor broadcasting;
/// Xie et al., 2016, and Zhang et al., 2017, arXiv:1706.03292). The product sums over the samples in the order of the global
/// batch, whatever the number of ranks and threads. It is made some rows at a time while the optimizer uses them, so that the whole
/// gradient is never in memory.
public final class GradientFactors {
  public let inputs: Int
  public let outputs: Int
  /// The most samples of a rank.
  public let capacity: Int
  /// This rank's rows of x and of dy; those behind its last sample are zero.
  public let x: UnsafeMutableBufferPointer<Float>
  public let dy: UnsafeMutableBufferPointer<Float>
  /// The rows of all ranks in their order.
  public let allX: UnsafeMutableBufferPointer<Float>
  public let allDy: UnsafeMutableBufferPointer<Float>
  /// The layer's place among the operators, and its parameters.
  let node: Int
  let weight: Slot
  let bias: Slot
  /// The sum of the squares of dw, which is the sum over samples a and b of (x_a x_b) (dy_a dy_b); one term for each a.
  private let terms: UnsafeMutableBufferPointer<Double>
  private let buffer: FloatBuffer
  private let ranks: Int

  init(_ node: Int, _ op: LinearOperator, capacity: Int, ranks: Int) {
    (self.node, inputs, outputs) = (node, op.inputs, op.outputs)
    (weight, bias) = (op.weight, op.bias)
    (self.capacity, self.ranks) = (capacity, ranks)
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

  /// Where the samples from `first` on leave their factors.
  func rows(from first: Int) -> FactorRows {
    FactorRows(x: x.baseAddress! + first * inputs, dy: dy.baseAddress! + first * outputs)
  }

  /// Zeroes the rows behind the last of `count` samples.
  func clear(behind count: Int, _ kernels: any KernelSet.Type) {
    let left = capacity - count
    guard left > 0 else { return }
    kernels.fill(x.baseAddress! + count * inputs, count: left * inputs, value: 0)
    kernels.fill(dy.baseAddress! + count * outputs, count: left * outputs, value: 0)
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
  ///   - capacity: the most samples of a rank.
  static func of(_ graph: Graph, capacity: Int, ranks: Int) -> [GradientFactors] {
    graph.nodes.enumerated().compactMap { index, node in
      guard let op = node.op as? LinearOperator, op.inputs * op.outputs >= fewestWeights,
        capacity * ranks <= mostSamples,
        4 * capacity * ranks * (op.inputs + op.outputs) <= op.inputs * op.outputs
      else { return nil }
      return GradientFactors(index, op, capacity: capacity, ranks: ranks)
    }
  }
}

/// Where an operator leaves the factors of its weight's gradient for some samples.
struct FactorRows {
  let x: UnsafeMutablePointer<Float>
  let dy: UnsafeMutablePointer<Float>
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
