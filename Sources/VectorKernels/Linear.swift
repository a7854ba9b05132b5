import Kernels

extension VectorKernels {
  /// The largest batch for which reading the weights, not arithmetic, sets the time of a product.
  private static let streamedBatch = 16

  public static func linear(
    batch: Int, inputs: Int, outputs: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats
  ) {
    for sample in 0..<batch {
      let y = y + sample * outputs
      if let bias { copy(bias, to: y, count: outputs) } else { clear(y, count: outputs) }
    }
    if batch <= streamedBatch {
      StreamingProducts.multiply(
        batch: batch, inputs: inputs, outputs: outputs, x: x, weight: weight, into: y)
    } else {
      BLAS.multiply(rows: batch, columns: outputs, inner: inputs, x, weight, into: y, accumulate: true)
    }
    if activation == .relu { relu(y, into: y, count: batch * outputs) }
  }

  public static func linearInputGradient(
    batch: Int, inputs: Int, outputs: Int, dy: Floats, weight: Floats, into dx: MutableFloats
  ) {
    if batch <= streamedBatch {
      StreamingProducts.multiplyTransposed(
        batch: batch, inputs: inputs, outputs: outputs, dy: dy, weight: weight, into: dx)
    } else {
      BLAS.multiply(
        rows: batch, columns: inputs, inner: outputs, dy, transposed: false, weight, transposed: true,
        into: dx)
    }
  }

  public static func linearParameterGradients(
    batch: Int, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?
  ) {
    if batch <= streamedBatch {
      StreamingProducts.addOuterProducts(
        batch: batch, inputs: inputs, outputs: outputs, x: x, dy: dy, into: dw)
    } else {
      BLAS.multiply(
        rows: inputs, columns: outputs, inner: batch, x, transposed: true, dy, into: dw, accumulate: true)
    }
    if let db { Columns.addSums(dy, rows: batch, columns: outputs, stride: outputs, into: db) }
  }
}
