/// A linear map of a few numbers, of which each is a vector of channels.
protocol PointTransform {
  static var sources: Int { get }
  static var results: Int { get }
  /// Asks for every source once.
  static func apply(_ source: (_ index: Int) -> Vector, _ put: (_ index: Int, _ result: Vector) -> Void)
  /// Transforms the columns of a square of vectors, and then its rows.
  /// - Parameter between: room for `results` x `sources` vectors.
  static func applyToSquare(
    _ between: Target, _ source: (_ row: Int, _ column: Int) -> Vector,
    _ put: (_ row: Int, _ column: Int, _ result: Vector) -> Void)
}

extension PointTransform {
  @inline(__always)
  static func applyToSquare(
    _ between: Target, _ source: (_ row: Int, _ column: Int) -> Vector,
    _ put: (_ row: Int, _ column: Int, _ result: Vector) -> Void
  ) {
    for column in 0..<sources {
      apply({ source($0, column) }, { store($1, between + ($0 * sources + column) * lanes) })
    }
    for row in 0..<results {
      apply({ load(between + (row * sources + $0) * lanes) }, { put(row, $0, $1) })
    }
  }
}

/// A minimal filtering algorithm F(m x m, r x r) (Winograd, 1980; Lavin and Gray, 2016, arXiv:1509.09308): polynomials are
/// multiplied by their values at m + r - 1 points.
///
/// With d the input under a tile and g a filter, the tile's output is A' [(G g G') . (B' d B)] A; its gradients use the
/// transposes of the same three matrices.
protocol WinogradScheme: ConvolutionAlgorithm {
  /// B', points to points.
  associatedtype Data: PointTransform
  /// G, the filter's rows to points.
  associatedtype Filter: PointTransform
  /// A', points to a tile's rows of outputs.
  associatedtype Result: PointTransform
  /// A.
  associatedtype ResultGradient: PointTransform
  /// G'.
  associatedtype FilterGradient: PointTransform
}

extension WinogradScheme {
  /// r: the filter's rows and columns.
  static var kernel: Int { Filter.sources }
  /// m: a tile's rows and columns of outputs.
  static var outputs: Int { Result.results }
  /// m + r - 1: a tile's rows and columns of inputs, and of products.
  static var points: Int { Data.sources }
}
