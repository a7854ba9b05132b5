import Kernels

/// The kernels with every product computed by OpenBLAS: for comparison, and for processors that OpenBLAS knows better.
///
/// A product's bits depend on OpenBLAS, the processor and the rows of a call, so what an image yields may depend on the batch.
public enum OpenBLASKernels: VectorKernelSet {
  public static let name = VectorKernels.name + "+openblas"
  public static var onOpenBLAS: (any KernelSet.Type)? { self }

  // MARK: Linear

  public static func linearScratch(_ shards: Shards, inputs: Int, outputs: Int) -> Int {
    shardScratch(shards, weights: inputs * outputs, biases: outputs)
  }
  public static func linearAlgorithm(inputs: Int, outputs: Int) -> String { "OpenBLAS" }

  public static func linear(
    batch: Int, inputs: Int, outputs: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats
  ) {
    BLAS.multiply(rows: batch, columns: outputs, inner: inputs, .init(x), .init(weight), into: y)
    addBias(bias, activation, to: y, rows: batch, columns: outputs, stride: outputs)
  }

  public static func linearInputGradient(
    batch: Int, inputs: Int, outputs: Int, dy: Floats, weight: Floats, into dx: MutableFloats,
    scratch: MutableFloats
  ) {
    BLAS.multiply(
      rows: batch, columns: inputs, inner: outputs, .init(dy), .init(weight, transposed: true), into: dx)
  }

  public static func linearParameterGradients(
    _ shards: Shards, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats
  ) {
    addShards(
      shards, weight: dw, weights: inputs * outputs, bias: db, biases: outputs, scratch: scratch
    ) { shard, dw, db in
      let (x, dy) = (x + shard.samples.lowerBound * inputs, dy + shard.samples.lowerBound * outputs)
      BLAS.multiply(
        rows: inputs, columns: outputs, inner: shard.samples.count, .init(x, transposed: true), .init(dy),
        into: dw,
        accumulate: true)
      if let db {
        Columns.addSums(dy, rows: shard.samples.count, columns: outputs, stride: outputs, into: db)
      }
    }
  }

  public static func outerProducts(
    batch: Int, inputs: Int, outputs: Int, rows: Range<Int>, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?
  ) {
    BLAS.multiply(
      rows: rows.count, columns: outputs, inner: batch,
      .init(x + rows.lowerBound, stride: inputs, transposed: true), .init(dy),
      into: dw)
    guard let db else { return }
    clear(db, count: outputs)
    Columns.addSums(dy, rows: batch, columns: outputs, stride: outputs, into: db)
  }

  /// y = activation(y + bias), row by row.
  @inline(__always)
  static func addBias(
    _ bias: Floats?, _ activation: Activation, to y: MutableFloats, rows: Int, columns: Int, stride: Int
  ) {
    let floor = Vector(repeating: activation == .relu ? 0 : -.infinity)
    for row in 0..<rows {
      let y = y + row * stride
      forEachVector(columns) { column, left in
        var sum = load(y + column, left: left)
        if let bias { sum += load(bias + column, left: left) }
        sum.replace(with: floor, where: sum .< floor)
        store(sum, y + column, left: left)
      }
    }
  }
}
