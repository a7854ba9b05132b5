/// F(6x6,3x3): 36 outputs from 64 products instead of 324.
enum Winograd6x3: WinogradScheme {
  typealias Data = EightPoints.Data
  typealias Filter = EightPoints.Filter<Three>
  typealias Result = EightPoints.Result<Six>
  typealias ResultGradient = EightPoints.ResultGradient<Six>
  typealias FilterGradient = EightPoints.FilterGradient<Three>
}

/// F(4x4,5x5): sixteen outputs from 64 products instead of 400, where F(2x2,5x5) needs 144.
enum Winograd4x5: WinogradScheme {
  typealias Data = EightPoints.Data
  typealias Filter = EightPoints.Filter<Five>
  typealias Result = EightPoints.Result<Four>
  typealias ResultGradient = EightPoints.ResultGradient<Four>
  typealias FilterGradient = EightPoints.FilterGradient<Five>
}

/// The points 0, 1/2, -1/2, 1, -1, 2, -2 and infinity, which F(6x6,3x3) and F(4x4,5x5) share.
///
/// The root mean square of the errors is four to eleven times that of a plain sum for 3x3, five to six times for 5x5, and more for
/// filters where a shard has few tiles: sixteen times with one of 3x3.
enum EightPoints {
  private static let half: Float = 0.5
  private static let two: Float = 2
  /// One over the product of a point's distances from the other finite points, which belongs to the filter; that of 0 is -1, and turned
  /// around with its row of the data.
  private static let scales: (half: Float, one: Float, two: Float) = (32 / 45, -2 / 9, 1 / 90)

  enum Data: PointTransform {
    static var sources: Int { 8 }
    static var results: Int { 8 }

    @inline(__always)
    static func apply(_ d: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (d1, d2, d3, d4, d5, d6) = (d(1), d(2), d(3), d(4), d(5), d(6))
      let all = Vector(repeating: 5.25)
      @inline(__always) func pair(_ point: Int, _ z: Float, _ square: Float, _ constant: Float) {
        sumAndDifference(quartic(d2, d4, d6, square, constant), z, quartic(d1, d3, d5, square, constant)) {
          put(point + $0, $1)
        }
      }
      put(0, (d(0) - d6).addingProduct(all, d4 - d2))
      // Of each pair the values of (z^2 - b^2)(z^2 - c^2), b and c being the other two.
      pair(1, half, -5, 4)
      pair(3, 1, -4.25, 1)
      pair(5, two, -1.25, 0.25)
      put(7, (d(7) - d1).addingProduct(all, d3 - d5))
    }

    /// high + middle square + low constant.
    @inline(__always)
    private static func quartic(
      _ low: Vector, _ middle: Vector, _ high: Vector, _ square: Float, _ constant: Float
    ) -> Vector {
      high.addingProduct(Vector(repeating: constant), low).addingProduct(Vector(repeating: square), middle)
    }
  }

  enum Filter<Count: Length>: PointTransform {
    static var sources: Int { Count.count }
    static var results: Int { 8 }

    @inline(__always)
    static func apply(_ g: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      values(Count.count, g) { index, value in put(index, value * scale(index)) }
    }
  }

  enum ResultGradient<Count: Length>: PointTransform {
    static var sources: Int { Count.count }
    static var results: Int { 8 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) { values(Count.count, dy, put) }
  }

  enum Result<Count: Length>: PointTransform {
    static var sources: Int { 8 }
    static var results: Int { Count.count }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      coefficients(Count.count, p, put)
    }
  }

  enum FilterGradient<Count: Length>: PointTransform {
    static var sources: Int { 8 }
    static var results: Int { Count.count }

    @inline(__always)
    static func apply(_ dp: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      coefficients(Count.count, { dp($0) * scale($0) }, put)
    }
  }

  @inline(__always)
  private static func scale(_ point: Int) -> Float {
    switch point {
    case 1, 2: scales.half
    case 3, 4: scales.one
    case 5, 6: scales.two
    default: 1
    }
  }

  /// Values of a polynomial at the points, from its three to six coefficients.
  @inline(__always)
  private static func values(_ count: Int, _ c: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
    let (c0, c1, c2) = (c(0), c(1), c(2))
    let c3 = count > 3 ? c(3) : Vector()
    let c4 = count > 4 ? c(4) : Vector()
    let c5 = count > 5 ? c(5) : Vector()
    put(0, c0)
    @inline(__always) func pair(_ point: Int, _ z: Float) {
      let square = Vector(repeating: z * z)
      let upper = count > 4 ? c2.addingProduct(square, c4) : c2
      let upperOdd = count > 5 ? c3.addingProduct(square, c5) : c3
      let odd = count > 3 ? c1.addingProduct(square, upperOdd) : c1
      sumAndDifference(c0.addingProduct(square, upper), z, odd) { put(point + $0, $1) }
    }
    pair(1, half)
    pair(3, 1)
    pair(5, two)
    put(7, count > 5 ? c5 : count > 4 ? c4 : count > 3 ? c3 : c2)
  }

  /// The transpose of ``values(_:_:_:)``.
  @inline(__always)
  private static func coefficients(_ count: Int, _ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
    let (h1, h2, o1, o2, t1, t2) = (p(1), p(2), p(3), p(4), p(5), p(6))
    let (halves, ones, twos) = (h1 + h2, o1 + o2, t1 + t2)
    let (halvesOdd, onesOdd, twosOdd) = (h1 - h2, o1 - o2, t1 - t2)
    @inline(__always) func sum(_ power: Int, _ near: Vector, _ one: Vector, _ far: Vector) -> Vector {
      let (small, large) = (1 / Float(1 << power), Float(1 << power))
      let sum = one.addingProduct(Vector(repeating: small), near)
        .addingProduct(Vector(repeating: large), far)
      return power == count - 1 ? sum + p(7) : sum
    }
    put(0, p(0) + sum(0, halves, ones, twos))
    put(1, sum(1, halvesOdd, onesOdd, twosOdd))
    put(2, sum(2, halves, ones, twos))
    if count > 3 { put(3, sum(3, halvesOdd, onesOdd, twosOdd)) }
    if count > 4 { put(4, sum(4, halves, ones, twos)) }
    if count > 5 { put(5, sum(5, halvesOdd, onesOdd, twosOdd)) }
  }
}
