import Kernels

/// F(3x3,3x3) with stride 2 and padding 1: nine outputs from 49 products instead of 81.
///
/// Along an axis, output i is g0 d(2i) + g1 d(2i+1) + g2 d(2i+2): two taps on the inputs of even rows, F(3,2) at the points of
/// F(2,3), and one on those of odd rows, whose three products have no common part. So there are seven points, of which the last three
/// share g1. The coefficients are 1 and 1/2, and the error is that of a plain sum.
enum StridedWinograd3x3: WinogradScheme {
  static var stride: Int { 2 }
  static var step: Int { 6 }

  /// Whether it is for a convolution, and tiles overhang little enough to spare a fifth of the products.
  static func pays(_ geometry: WindowGeometry) -> Bool {
    geometry.kernel == kernel && geometry.stride == stride && geometry.padding == 1
      && 5 * products(geometry.output) <= 4 * kernel * kernel * geometry.positions
  }

  enum Data: PointTransform {
    static var sources: Int { 7 }
    static var results: Int { 7 }

    @inline(__always)
    static func apply(_ d: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      Winograd2x3.Data.apply({ d(2 * $0) }, put)
      for odd in 0..<3 { put(4 + odd, d(2 * odd + 1)) }
    }
  }

  enum Filter: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 5 }

    @inline(__always)
    static func apply(_ g: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (first, last) = (g(0), g(2))
      put(0, first)
      put(1, (first + last) * 0.5)
      put(2, (first - last) * 0.5)
      put(3, last)
      put(4, g(1))
    }
  }

  enum Result: PointTransform {
    static var sources: Int { 7 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      sums(p) { put($0, $1 + p(4 + $0)) }
    }
  }

  enum ResultGradient: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 7 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (y0, y1, y2) = (dy(0), dy(1), dy(2))
      let ends = y0 + y2
      put(0, y0)
      put(1, ends + y1)
      put(2, ends - y1)
      put(3, y2)
      put(4, y0)
      put(5, y1)
      put(6, y2)
    }
  }

  enum FilterGradient: PointTransform {
    static var sources: Int { 5 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ dp: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      let (p1, p2) = (dp(1), dp(2))
      put(0, (p1 + p2) * 0.5 + dp(0))
      put(1, dp(4))
      put(2, (p1 - p2) * 0.5 + dp(3))
    }
  }

  /// Six gradients of inputs from four of outputs: with the filter turned around, those of the image's odd rows, counted without padding,
  /// have two taps, those of even rows the one in the middle.
  enum Back: FilteringScheme {
    typealias Filter = StridedWinograd3x3.Filter

    static var step: Int { 3 }

    enum Data: PointTransform {
      static var sources: Int { 4 }
      static var results: Int { 7 }

      @inline(__always)
      static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
        Winograd2x3.Data.apply(
          {
            let value = dy($0)
            if $0 < 3 { put(4 + $0, value) }
            return value
          }, put)
      }
    }

    enum Result: PointTransform {
      static var sources: Int { 7 }
      static var results: Int { 6 }

      @inline(__always)
      static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
        sums(p) {
          put(2 * $0, p(4 + $0))
          put(2 * $0 + 1, $1)
        }
      }
    }
  }

  /// A' of F(3,2).
  @inline(__always)
  private static func sums(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
    let (p1, p2) = (p(1), p(2))
    let both = p1 + p2
    put(0, p(0) + both)
    put(1, p1 - p2)
    put(2, both + p(3))
  }
}
