/// F(2x2,3x3), for maps of two rows or columns that ``PaddedWinograd2x3`` does not fit: four outputs from 16 products instead
/// of 36. The points are 0, 1, -1 and infinity.
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
