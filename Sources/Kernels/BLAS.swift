import COpenBLAS

/// OpenBLAS: the only place that imports it.
public enum BLAS {
  /// A row-major matrix as a product reads it.
  public struct Factor {
    let base: UnsafePointer<Float>
    let stride: Int?
    let transposed: Bool

    /// - Parameters:
    ///   - stride: floats from one row to the next as they lie in memory; nil where there is nothing between them.
    ///   - transposed: whether the product takes the transpose of what lies in memory.
    public init(_ base: UnsafePointer<Float>, stride: Int? = nil, transposed: Bool = false) {
      self.base = base
      self.stride = stride
      self.transposed = transposed
    }
  }

  /// C = A B [+ C]; A is `rows` x `inner`, B `inner` x `columns`, both after transposing.
  ///
  /// - Parameters:
  ///   - stride: floats from one row of C to the next; nil where there is nothing between them.
  ///   - accumulate: adds to C instead of overwriting it.
  public static func multiply(
    rows: Int, columns: Int, inner: Int, _ a: Factor, _ b: Factor, into c: UnsafeMutablePointer<Float>,
    stride: Int? = nil, accumulate: Bool = false
  ) {
    guard rows > 0, columns > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(inner),
      1, a.base, blasint(a.stride ?? (a.transposed ? rows : inner)), b.base,
      blasint(b.stride ?? (b.transposed ? inner : columns)), accumulate ? 1 : 0, c, blasint(stride ?? columns)
    )
  }

  /// Threads that one product may use in this process.
  public static var threads: Int {
    get { Int(openblas_get_num_threads()) }
    set { openblas_set_num_threads(Int32(newValue)) }
  }

  /// The kernel that OpenBLAS chose for this processor, for example `SkylakeX`.
  public static var kernelName: String { String(cString: openblas_get_corename()) }

  /// Version and build options, for example `OpenBLAS 0.3.21 ...`.
  public static var configuration: String { String(cString: openblas_get_config()) }
}
