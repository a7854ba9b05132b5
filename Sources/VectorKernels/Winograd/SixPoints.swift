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

/// The points 0, a, -a, b, -b and infinity, which F(4x4,3x3) and F(2x2,5x5) share; here a = sqrt(1/2) and b = sqrt(2).
///
/// Between points and their reciprocals the coefficients stay small. The root mean square of the errors of F(4x4,3x3) is 1.6 to 2.1
/// times that of a plain sum, instead of 3.7 to 4.2 times with the usual a = 1 and b = 2, at the same cost; of F(2x2,5x5) on maps of
/// 2x2, where a tap meets few terms, five to nine times.
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
}
