/// F(3x3,5x5) where the tile is a whole map with a padding of 2: nine outputs from 25 products, instead of 64 for a tile of sixteen that
/// may have neighbours.
///
/// Along an axis, output i is the sum over j of d(j) g(j - i + 2): that of F(3,3) with the inputs for a filter and the filter for
/// inputs; the outputs come in reverse order. The root mean square of the errors is 1.4 to 1.7 times that of a plain sum (filters 3.6).
enum PaddedWinograd3x5: PaddedWinograd {
  typealias Data = Winograd3x3.Filter
  typealias Filter = Winograd3x3.Data

  enum Result: PointTransform {
    static var sources: Int { 5 }
    static var results: Int { 3 }

    @inline(__always)
    static func apply(_ p: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      Winograd3x3.Result.apply(p) { put(2 - $0, $1) }
    }
  }

  enum ResultGradient: PointTransform {
    static var sources: Int { 3 }
    static var results: Int { 5 }

    @inline(__always)
    static func apply(_ dy: (Int) -> Vector, _ put: (Int, Vector) -> Void) {
      Winograd3x3.ResultGradient.apply({ dy(2 - $0) }, put)
    }
  }

  typealias FilterGradient = Winograd3x3.DataGradient
}
