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

/// F(4x4,3x3): sixteen outputs from 36 products instead of 144.
enum Winograd4x3: WinogradScheme {
  typealias Data = SixPoints.Data
  typealias Filter = SixPoints.Filter<Three>
  typealias Result = SixPoints.Result<Four>
  typealias ResultGradient = SixPoints.ResultGradient<Four>
  typealias FilterGradient = SixPoints.FilterGradient<Three>
}

/// F(2x2,5x5): four outputs from 36 products instead of 100.
enum Winograd2x5: WinogradScheme {
  typealias Data = SixPoints.Data
  typealias Filter = SixPoints.Filter<Five>
  typealias Result = SixPoints.Result<Two>
  typealias ResultGradient = SixPoints.ResultGradient<Two>
  typealias FilterGradient = SixPoints.FilterGradient<Five>
}

/// A length that is known when the program is compiled.
protocol Length {
  static var count: Int { get }
}

enum Two: Length {
  static var count: Int { 2 }
}

enum Three: Length {
  static var count: Int { 3 }
}

enum Four: Length {
  static var count: Int { 4 }
}

enum Five: Length {
  static var count: Int { 5 }
}

/// The points 0, a, -a, b, -b and infinity, which F(4x4,3x3) and F(2x2,5x5) share; here a = sqrt(1/2) and b = sqrt(2).
///
/// Between points and their reciprocals the coefficients stay small. The root mean square of the errors is 1.1 to 2 times that of a
/// plain sum, instead of 2.4 to 4.2 times with the usual a = 1 and b = 2, at the same cost.
enum SixPoints {
  private static let a: Float = 0.70710678118
  private static let a2: Float = 0.5
  private static let a3: Float = 0.35355339059
  private static let a4: Float = 0.25
  private static let b: Float = 1.41421356237
  private static let b2: Float = 2
  private static let b3: Float = 2.82842712475
  private static let b4: Float = 4
  /// 1 / (2 a^2 (a^2 - b^2)) and 1 / (2 b^2 (b^2 - a^2)), which belong to the filter.
  private static let nearScale: Float = -2 / 3
  private static let farScale: Float = 1 / 6

  enum Data: PointTransform {
    static var sources: Int { 6 }
    static var results: Int { 6 }

    @inline(__always)
    static func apply(_ d: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (d1, d2, d3, d4) = (d(1), d(2), d(3), d(4))
      let both = Vector(repeating: a2 + b2)
      put(0, (d(0) + d4).addingProduct(-both, d2))
      sumAndDifference(
        d4.addingProduct(Vector(repeating: -b2), d2), a, d3.addingProduct(Vector(repeating: -b2), d1)
      ) { put(1 + $0, $1) }
      sumAndDifference(
        d4.addingProduct(Vector(repeating: -a2), d2), b, d3.addingProduct(Vector(repeating: -a2), d1)
      ) { put(3 + $0, $1) }
      put(5, (d1 + d(5)).addingProduct(-both, d3))
    }
  }

  enum Filter<Count: Length>: PointTransform {
    static var sources: Int { Count.count }
    static var results: Int { 6 }

    @inline(__always)
    static func apply(_ g: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      values(Count.count, g, nearScale, farScale, put)
    }
  }

  enum ResultGradient<Count: Length>: PointTransform {
    static var sources: Int { Count.count }
    static var results: Int { 6 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      values(Count.count, dy, 1, 1, put)
    }
  }

  enum Result<Count: Length>: PointTransform {
    static var sources: Int { 6 }
    static var results: Int { Count.count }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      coefficients(Count.count, p, 1, 1, put)
    }
  }

  enum FilterGradient<Count: Length>: PointTransform {
    static var sources: Int { 6 }
    static var results: Int { Count.count }

    @inline(__always)
    static func apply(_ dp: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      coefficients(Count.count, dp, nearScale, farScale, put)
    }
  }

  /// Values of a polynomial at the points, from its coefficients.
  @inline(__always)
  private static func values(
    _ count: Int, _ c: (Int) -> Vector, _ nearScale: Float, _ farScale: Float, _ put: (Int, Vector) -> Void
  ) {
    let (first, second) = (c(0), c(1))
    var (near, far) = (first, first)
    var (nearOdd, farOdd) = (second, second)
    var last = second
    if count > 2 {
      let third = c(2)
      last = third
      near.addProduct(Vector(repeating: a2), third)
      far.addProduct(Vector(repeating: b2), third)
    }
    if count > 3 {
      let fourth = c(3)
      last = fourth
      nearOdd.addProduct(Vector(repeating: a2), fourth)
      farOdd.addProduct(Vector(repeating: b2), fourth)
    }
    if count > 4 {
      let fifth = c(4)
      last = fifth
      near.addProduct(Vector(repeating: a4), fifth)
      far.addProduct(Vector(repeating: b4), fifth)
    }
    put(0, first)
    sumAndDifference(near * nearScale, a * nearScale, nearOdd) { put(1 + $0, $1) }
    sumAndDifference(far * farScale, b * farScale, farOdd) { put(3 + $0, $1) }
    put(5, last)
  }

  /// The transpose of ``values(_:_:_:_:_:)``.
  @inline(__always)
  private static func coefficients(
    _ count: Int, _ p: (Int) -> Vector, _ nearScale: Float, _ farScale: Float, _ put: (Int, Vector) -> Void
  ) {
    let (p1, p2, p3, p4) = (p(1), p(2), p(3), p(4))
    let (near, far) = ((p1 + p2) * nearScale, (p3 + p4) * farScale)
    let (nearOdd, farOdd) = ((p1 - p2) * nearScale, (p3 - p4) * farScale)
    func last(_ index: Int) -> Vector { index == count - 1 ? p(5) : Vector() }
    put(0, p(0) + near + far)
    put(1, last(1).addingProduct(Vector(repeating: a), nearOdd).addingProduct(Vector(repeating: b), farOdd))
    if count > 2 {
      put(2, last(2).addingProduct(Vector(repeating: a2), near).addingProduct(Vector(repeating: b2), far))
    }
    if count > 3 {
      put(
        3, last(3).addingProduct(Vector(repeating: a3), nearOdd).addingProduct(Vector(repeating: b3), farOdd))
    }
    if count > 4 {
      put(4, last(4).addingProduct(Vector(repeating: a4), near).addingProduct(Vector(repeating: b4), far))
    }
  }

  /// Puts x + f y and x - f y.
  @inline(__always)
  private static func sumAndDifference(
    _ x: Vector, _ factor: Float, _ y: Vector, _ put: (Int, Vector) -> Void
  ) {
    let factor = Vector(repeating: factor)
    put(0, x.addingProduct(factor, y))
    put(1, x.addingProduct(-factor, y))
  }
}

/// F(3x3,3x3): nine outputs from 25 products instead of 81, for maps that tiles of four would overhang.
///
/// The points are 0, s, -s, t and infinity with s = 3/4 and t = 2: the root mean square of the errors is 1.5 times that of a plain
/// sum.
enum Winograd3x3: WinogradScheme {
  private static let s: Float = 0.75
  private static let s2: Float = 0.5625
  private static let t: Float = 2
  private static let t2: Float = 4
  /// One over the product of a point's distances from the other finite points, which belongs to the filter.
  private static let scales: (zero: Float, plus: Float, minus: Float, far: Float) = (
    1 / 1.125, -1 / 1.40625, -1 / 3.09375, 1 / 6.875
  )

  enum Data: PointTransform {
    static var sources: Int { 5 }
    static var results: Int { 5 }

    @inline(__always)
    static func apply(_ d: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (d1, d2, d3) = (d(1), d(2), d(3))
      let back = Vector(repeating: -t)
      let (u0, u1) = (d1.addingProduct(back, d(0)), d2.addingProduct(back, d1))
      let (u2, u3) = (d3.addingProduct(back, d2), d(4).addingProduct(back, d3))
      let square = Vector(repeating: -s2)
      put(0, u2.addingProduct(square, u0))
      put(1, u2.addingProduct(Vector(repeating: s), u1))
      put(2, u2.addingProduct(Vector(repeating: -s), u1))
      put(3, d3.addingProduct(square, d1))
      put(4, u3.addingProduct(square, u1))
    }
  }

  enum Filter: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 5 }

    @inline(__always)
    static func apply(_ g: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      values(g) { index, value in put(index, value * scale(index)) }
    }
  }

  enum ResultGradient: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 5 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) { values(dy, put) }
  }

  enum Result: PointTransform {
    static var sources: Int { 5 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) { coefficients(p, put) }
  }

  enum FilterGradient: PointTransform {
    static var sources: Int { 5 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ dp: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      coefficients({ dp($0) * scale($0) }, put)
    }
  }

  @inline(__always)
  private static func scale(_ point: Int) -> Float {
    switch point {
    case 0: scales.zero
    case 1: scales.plus
    case 2: scales.minus
    case 3: scales.far
    default: 1
    }
  }

  /// Values of a polynomial at the points, from its three coefficients.
  @inline(__always)
  private static func values(_ c: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
    let (c0, c1, c2) = (c(0), c(1), c(2))
    let even = c0.addingProduct(Vector(repeating: s2), c2)
    put(0, c0)
    put(1, even.addingProduct(Vector(repeating: s), c1))
    put(2, even.addingProduct(Vector(repeating: -s), c1))
    put(3, c0.addingProduct(Vector(repeating: t), c1).addingProduct(Vector(repeating: t2), c2))
    put(4, c2)
  }

  /// The transpose of ``values(_:_:)``.
  @inline(__always)
  private static func coefficients(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
    let (plus, minus, far) = (p(1), p(2), p(3))
    let both = plus + minus
    put(0, p(0) + both + far)
    put(1, ((plus - minus) * s).addingProduct(Vector(repeating: t), far))
    put(2, p(4).addingProduct(Vector(repeating: s2), both).addingProduct(Vector(repeating: t2), far))
  }
}

/// F(2x2,3x3), for small maps: four outputs from 16 products instead of 36. The points are 0, 1, -1 and infinity.
enum Winograd2x3: WinogradScheme {
  enum Data: PointTransform {
    static var sources: Int { 4 }
    static var results: Int { 4 }

    @inline(__always)
    static func apply(_ d: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (d1, d2) = (d(1), d(2))
      put(0, d(0) - d2)
      put(1, d1 + d2)
      put(2, d2 - d1)
      put(3, d(3) - d1)
    }
  }

  enum Filter: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 4 }

    @inline(__always)
    static func apply(_ g: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (g0, g1, g2) = (g(0), g(1), g(2))
      put(0, g0)
      put(1, (g0 + g2 + g1) * 0.5)
      put(2, (g0 + g2 - g1) * 0.5)
      put(3, g2)
    }
  }

  enum Result: PointTransform {
    static var sources: Int { 4 }
    static var results: Int { 2 }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (p1, p2) = (p(1), p(2))
      put(0, p(0) + (p1 + p2))
      put(1, (p1 - p2) + p(3))
    }
  }

  enum ResultGradient: PointTransform {
    static var sources: Int { 2 }
    static var results: Int { 4 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (y0, y1) = (dy(0), dy(1))
      put(0, y0)
      put(1, y0 + y1)
      put(2, y0 - y1)
      put(3, y1)
    }
  }

  enum FilterGradient: PointTransform {
    static var sources: Int { 4 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ dp: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (p1, p2) = (dp(1), dp(2))
      put(0, (p1 + p2) * 0.5 + dp(0))
      put(1, (p1 - p2) * 0.5)
      put(2, (p1 + p2) * 0.5 + dp(3))
    }
  }
}

/// 1x1 filters: every pixel is a tile with one point, and nothing is transformed.
enum Pointwise: WinogradScheme {
  typealias Data = Identity
  typealias Filter = Identity
  typealias Result = Identity
  typealias ResultGradient = Identity
  typealias FilterGradient = Identity

  static var name: String { "blocked 1x1" }
}

enum Identity: PointTransform {
  static var sources: Int { 1 }
  static var results: Int { 1 }

  @inline(__always)
  static func apply(_ source: (Int) -> Vector, _ put: (Int, Vector) -> Void) { put(0, source(0)) }

  @inline(__always)
  static func applyToSquare(
    _ between: Target, _ source: (Int, Int) -> Vector, _ put: (Int, Int, Vector) -> Void
  ) {
    put(0, 0, source(0, 0))
  }
}
