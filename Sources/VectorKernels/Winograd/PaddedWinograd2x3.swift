/// F(2x2,3x3) where the tile is a whole map with a padding of 1: four outputs from nine products, instead of 16.
///
/// Along an axis the outputs are g1 (d0 + d1) + (g2 - g1) d1 and g1 (d0 + d1) + (g0 - g1) d0. The root mean square of the errors is that of
/// a plain sum, of filters' gradients 1.5 times.
enum PaddedWinograd2x3: PaddedWinograd {
  enum Data: PointTransform {
    static var sources: Int { 2 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ d: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (d0, d1) = (d(0), d(1))
      put(0, d0)
      put(1, d0 + d1)
      put(2, d1)
    }
  }

  enum Filter: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ g: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let g1 = g(1)
      put(0, g(0) - g1)
      put(1, g1)
      put(2, g(2) - g1)
    }
  }

  enum Result: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 2 }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let both = p(1)
      put(0, both + p(2))
      put(1, both + p(0))
    }
  }

  enum ResultGradient: PointTransform {
    static var sources: Int { 2 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (y0, y1) = (dy(0), dy(1))
      put(0, y1)
      put(1, y0 + y1)
      put(2, y0)
    }
  }

  enum FilterGradient: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ dp: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (p0, p2) = (dp(0), dp(2))
      put(0, p0)
      put(1, dp(1) - (p0 + p2))
      put(2, p2)
    }
  }
}
