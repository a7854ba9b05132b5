import Kernels

extension VectorKernelSet {
  public static func relu(_ x: Floats, into y: MutableFloats, count: Int) {
    map(x, into: y, count) { $0.replacing(with: Vector(), where: $0 .< Vector()) }
  }

  public static func reluGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int) {
    map(dy, y, into: dx, count) { dy, y in Vector().replacing(with: dy, where: y .> Vector()) }
  }

  public static func sigmoid(_ x: Floats, into y: MutableFloats, count: Int) {
    map(x, into: y, count) { logistic($0) }
  }

  public static func sigmoidGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int) {
    map(dy, y, into: dx, count) { dy, y in dy * y * (Vector(repeating: 1) - y) }
  }

  public static func tanh(_ x: Floats, into y: MutableFloats, count: Int) {
    map(x, into: y, count) { hyperbolicTangent($0) }
  }

  public static func tanhGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int) {
    map(dy, y, into: dx, count) { dy, y in dy * Vector(repeating: 1).addingProduct(-y, y) }
  }
}

/// y = function(x), element by element.
@inline(__always)
func map(_ x: Source, into y: Target, _ count: Int, _ function: (Vector) -> Vector) {
  forEachVector(count) { index, left in store(function(load(x + index, left: left)), y + index, left: left) }
}

/// z = function(x, y), element by element.
@inline(__always)
func map(
  _ x: Source, _ y: Source, into z: Target, _ count: Int, _ function: (Vector, Vector) -> Vector
) {
  forEachVector(count) { index, left in
    store(function(load(x + index, left: left), load(y + index, left: left)), z + index, left: left)
  }
}
