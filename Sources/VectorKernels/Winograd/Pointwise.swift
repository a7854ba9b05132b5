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
