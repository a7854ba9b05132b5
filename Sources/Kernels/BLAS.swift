import COpenBLAS

/// OpenBLAS: the only place that imports it.
public enum BLAS {
  /// C = alpha op(A) op(B) + beta C, all row-major without gaps; op(A) is `rows` x `inner`, op(B) `inner` x `columns`.
  ///
  /// - Parameter accumulate: adds to C instead of overwriting it.
  public static func multiply(
    rows: Int, columns: Int, inner: Int,
    _ a: UnsafePointer<Float>, transposed aTransposed: Bool = false,
    _ b: UnsafePointer<Float>, transposed bTransposed: Bool = false,
    into c: UnsafeMutablePointer<Float>, accumulate: Bool = false
  ) {
    guard rows > 0, columns > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(inner),
      1, a, blasint(aTransposed ? rows : inner), b, blasint(bTransposed ? inner : columns),
      accumulate ? 1 : 0, c, blasint(columns))
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
