/// A linear map of a few numbers, of which each is a vector of channels.
protocol PointTransform {
  static var sources: Int { get }
  static var results: Int { get }
  /// Asks for every source once.
  static func apply(_ source: (_ index: Int) -> Vector, _ put: (_ index: Int, _ result: Vector) -> Void)
}

extension PointTransform {
  /// Transforms the columns of a square of vectors, and then its rows.
  /// - Parameter between: room for `results` x `sources` vectors.
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

/// How tiles of a convolution's output are computed from tiles of its input: both, and the filter, are transformed to points, which are
/// multiplied one by one, summed over input channels, and transformed back.
///
/// Each transform is done along both axes of an image. With d the input under a tile and g a filter, the tile's output is
/// A' [(G g G') . (B' d B)] A.
protocol FilteringScheme {
  /// B', a tile's rows of inputs to points.
  associatedtype Data: PointTransform
  /// G, the filter's rows to points. Its last point may serve several of the data's: see ``filterPoints``.
  associatedtype Filter: PointTransform
  /// A', points to a tile's rows of outputs.
  associatedtype Result: PointTransform
  /// Rows of the input from one tile to the next.
  static var step: Int { get }
  /// Rows of padding on either side of an image that tiles leave out.
  static var border: Int { get }
}

extension FilteringScheme {
  /// r: the filter's rows and columns.
  static var kernel: Int { Filter.sources }
  /// m: a tile's rows and columns of outputs.
  static var outputs: Int { Result.results }
  /// Points along an axis, and products.
  static var points: Int { Data.results }
  /// Points of a filter along an axis: as many, or fewer; then the last one is that of all further points of the data.
  static var filterPoints: Int { Filter.results }

  static var step: Int { outputs }
  static var border: Int { 0 }

  /// The point of the filter that a point of the data is multiplied by.
  @inline(__always)
  static func filterPoint(_ point: Int) -> Int { min(point, filterPoints - 1) }

  /// The points of the data that are multiplied by one of the filter.
  @inline(__always)
  static func points(ofFilter point: Int) -> Range<Int> {
    point..<(point == filterPoints - 1 ? points : point + 1)
  }
}

/// A minimal filtering algorithm F(m x m, r x r) (Winograd, 1980; Lavin and Gray, 2016, arXiv:1509.09308): with stride 1, polynomials
/// are multiplied by their values at m + r - 1 points; ``PaddedWinograd`` needs fewer.
///
/// The gradients of filters use the transposes of the three matrices, those of inputs are tiles again, in the same or another way.
protocol WinogradScheme: ConvolutionAlgorithm, FilteringScheme {
  /// A.
  associatedtype ResultGradient: PointTransform
  /// G', of sums over the points that share one of the filter.
  associatedtype FilterGradient: PointTransform
  /// From gradients of outputs, with filters turned half around, to those of inputs.
  associatedtype Back: FilteringScheme = Self
  /// Rows of the input from one output to the next.
  static var stride: Int { get }
}

extension WinogradScheme {
  static var stride: Int { 1 }
}

/// Puts x + f y and x - f y.
@inline(__always)
func sumAndDifference(_ x: Vector, _ factor: Float, _ y: Vector, _ put: (Int, Vector) -> Void) {
  let factor = Vector(repeating: factor)
  put(0, x.addingProduct(factor, y))
  put(1, x.addingProduct(-factor, y))
}
