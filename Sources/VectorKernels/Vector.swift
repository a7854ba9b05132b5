import Kernels

/// The one vector width of these kernels: a register with AVX-512, two with AVX2, so that both give the same results.
typealias Vector = SIMD16<Float>
typealias Source = UnsafePointer<Float>
typealias Target = UnsafeMutablePointer<Float>

let lanes = 16

/// `count` rounded up to whole vectors.
@inline(__always)
func padded(_ count: Int) -> Int { (count + lanes - 1) / lanes * lanes }

@inline(__always)
func load(_ source: Source) -> Vector {
  UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ vector: Vector, _ target: Target) {
  UnsafeMutableRawPointer(target).storeBytes(of: vector, as: Vector.self)
}

/// The first `count` (1 to 15) floats, then zeros; reads nothing behind them.
@inline(__always)
func load(_ source: Source, count: Int) -> Vector {
  var source = UnsafeRawPointer(source)
  var vector = Vector()
  var lane = 0
  if count & 8 != 0 {
    vector.lowHalf = source.loadUnaligned(as: SIMD8<Float>.self)
    source += 32
    lane = 8
  }
  var four = SIMD4<Float>()
  var rest = SIMD4<Float>()
  if count & 4 != 0 {
    four = source.loadUnaligned(as: SIMD4<Float>.self)
    source += 16
  }
  if count & 2 != 0 {
    rest.lowHalf = source.loadUnaligned(as: SIMD2<Float>.self)
    source += 8
    if count & 1 != 0 { rest.z = source.loadUnaligned(as: Float.self) }
  } else if count & 1 != 0 {
    rest.x = source.loadUnaligned(as: Float.self)
  }
  let tail = count & 4 != 0 ? SIMD8(lowHalf: four, highHalf: rest) : SIMD8(lowHalf: rest, highHalf: four)
  if lane == 8 { vector.highHalf = tail } else { vector.lowHalf = tail }
  return vector
}

/// Stores the first `count` (1 to 15) lanes and touches nothing behind them.
@inline(__always)
func store(_ vector: Vector, _ target: Target, count: Int) {
  var target = UnsafeMutableRawPointer(target)
  var eight = vector.lowHalf
  if count & 8 != 0 {
    target.storeBytes(of: eight, as: SIMD8<Float>.self)
    target += 32
    eight = vector.highHalf
  }
  var four = eight.lowHalf
  if count & 4 != 0 {
    target.storeBytes(of: four, as: SIMD4<Float>.self)
    target += 16
    four = eight.highHalf
  }
  var last = four.x
  if count & 2 != 0 {
    target.storeBytes(of: four.lowHalf, as: SIMD2<Float>.self)
    target += 8
    last = four.z
  }
  if count & 1 != 0 { target.storeBytes(of: last, as: Float.self) }
}

/// Stores a whole vector where at least 16 floats are `left`, else as many as are.
@inline(__always)
func store(_ vector: Vector, _ target: Target, left: Int) {
  if left >= lanes { store(vector, target) } else { store(vector, target, count: left) }
}

/// Loads a whole vector where at least 16 floats are `left`, else those that are and zeros.
@inline(__always)
func load(_ source: Source, left: Int) -> Vector {
  left >= lanes ? load(source) : load(source, count: left)
}

/// Calls `body` with the index of every vector in `count` floats and the floats `left` from there on.
@inline(__always)
func forEachVector(_ count: Int, _ body: (_ index: Int, _ left: Int) -> Void) {
  var index = 0
  // One call, so that a long body is not compiled twice; the branch in its loads and stores is always predicted.
  while index < count {
    body(index, count - index)
    index += lanes
  }
}

/// The sum of the lanes, halves first.
@inline(__always)
func total(_ vector: Vector) -> Float {
  let eight = vector.lowHalf + vector.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}
