import Kernels
import Tensors

/// Large weights are streamed: read once, in the order of memory, since reading them is what takes time. Small ones are a
/// pointwise convolution on images of one pixel. The batch has no say, so that a sample's bits do not depend on others.
extension VectorKernels {
  /// Weights from which they are streamed: what the second-level cache does not hold for the samples behind the first.
  private static let streamed = 1 << 18

  /// The linear layer as a convolution; nil where the weights are streamed.
  private static func pointwise(_ inputs: Int, _ outputs: Int) -> WindowGeometry? {
    guard inputs * outputs < streamed else { return nil }
    return WindowGeometry(
      input: Shape(height: 1, width: 1, channels: inputs), kernel: 1, stride: 1, padding: 0, channels: outputs
    )
  }

  public static func linearScratch(_ shards: Shards, inputs: Int, outputs: Int) -> Int {
    if let geometry = pointwise(inputs, outputs) { return Pointwise.scratch(geometry, shards) }
    return shardScratch(shards, weights: outputs, biases: 0)
  }

  public static func linearAlgorithm(inputs: Int, outputs: Int) -> String {
    pointwise(inputs, outputs) == nil ? "streamed" : Pointwise.name
  }

  public static func linear(
    batch: Int, inputs: Int, outputs: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats
  ) {
    if let geometry = pointwise(inputs, outputs) {
      Pointwise.forward(
        geometry, batch: batch, x: x, weight: weight, bias: bias, activation: activation, into: y,
        scratch: scratch)
    } else {
      for sample in 0..<batch {
        let y = y + sample * outputs
        if let bias { copy(bias, to: y, count: outputs) } else { clear(y, count: outputs) }
      }
      StreamingProducts.multiply(
        batch: batch, inputs: inputs, outputs: outputs, x: x, weight: weight, into: y)
      if activation == .relu { relu(y, into: y, count: batch * outputs) }
    }
  }

  public static func linearInputGradient(
    batch: Int, inputs: Int, outputs: Int, dy: Floats, weight: Floats, into dx: MutableFloats,
    scratch: MutableFloats
  ) {
    if let geometry = pointwise(inputs, outputs) {
      Pointwise.inputGradient(
        geometry, batch: batch, dy: dy, weight: weight, into: dx, adding: false, gate: nil,
        scratch: scratch)
    } else {
      StreamingProducts.multiplyTransposed(
        batch: batch, inputs: inputs, outputs: outputs, dy: dy, weight: weight, into: dx)
    }
  }

  public static func linearParameterGradients(
    _ shards: Shards, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats
  ) {
    if let geometry = pointwise(inputs, outputs) {
      Pointwise.parameterGradients(
        geometry, shards, x: x, dy: dy, weight: dw, bias: db, scratch: scratch)
    } else {
      StreamingProducts.addOuterProducts(
        shards, inputs: inputs, outputs: outputs, x: x, dy: dy, into: dw)
      guard let db else { return }
      addShards(shards, weight: db, weights: outputs, bias: nil, biases: 0, scratch: scratch) {
        shard, db, _ in
        Columns.addSums(
          dy + shard.samples.lowerBound * outputs, rows: shard.samples.count, columns: outputs,
          stride: outputs, into: db)
      }
    }
  }

  public static func outerProducts(
    batch: Int, inputs: Int, outputs: Int, rows: Range<Int>, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?
  ) {
    StreamingProducts.outerProducts(
      batch: batch, inputs: inputs, outputs: outputs, rows: rows, x: x, dy: dy, into: dw)
    guard let db else { return }
    clear(db, count: outputs)
    Columns.addSums(dy, rows: batch, columns: outputs, stride: outputs, into: db)
  }
}
