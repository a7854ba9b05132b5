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

/// The first `count` lanes, and zeros behind them.
@inline(__always)
func first(_ count: Int, of vector: Vector) -> Vector {
  let numbers = Vector(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  return vector.replacing(with: Vector(), where: numbers .>= Vector(repeating: Float(count)))
}

/// The sum of the lanes, halves first.
@inline(__always)
func total(_ vector: Vector) -> Float {
  let eight = vector.lowHalf + vector.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

/// target[c x 16 + r] = source[r x stride + c] for up to 16 rows and columns; zeros behind the last row.
@inline(__always)
func transpose(_ source: Source, rows: Int, columns: Int, stride: Int, into target: Target) {
  guard rows == lanes, columns == lanes else {
    for column in 0..<columns {
      store(Vector(), target + column * lanes)
      for row in 0..<rows { target[column * lanes + row] = source[row * stride + column] }
    }
    return
  }
  // Four perfect shuffles, each of the upper with the lower half of the rows, are a transpose.
  for row in 0..<8 {
    let (upper, lower) = (load(source + row * stride), load(source + (row + 8) * stride))
    interleave(upper, lower, into: target + row * 2 * lanes)
  }
  for _ in 0..<3 { shuffleHalves(target) }
}

/// Rows 2i and 2i + 1 = rows i and i + 8, interleaved, of 16 vectors.
@inline(__always)
private func shuffleHalves(_ rows: Target) {
  let (u0, u1, u2, u3) = (load(rows), load(rows + 16), load(rows + 32), load(rows + 48))
  let (u4, u5, u6, u7) = (load(rows + 64), load(rows + 80), load(rows + 96), load(rows + 112))
  let (l0, l1, l2, l3) = (load(rows + 128), load(rows + 144), load(rows + 160), load(rows + 176))
  let (l4, l5, l6, l7) = (load(rows + 192), load(rows + 208), load(rows + 224), load(rows + 240))
  interleave(u0, l0, into: rows)
  interleave(u1, l1, into: rows + 32)
  interleave(u2, l2, into: rows + 64)
  interleave(u3, l3, into: rows + 96)
  interleave(u4, l4, into: rows + 128)
  interleave(u5, l5, into: rows + 160)
  interleave(u6, l6, into: rows + 192)
  interleave(u7, l7, into: rows + 224)
}

@inline(__always)
private func interleave(_ a: Vector, _ b: Vector, into target: Target) {
  let (low, high) = zip(a, b)
  store(low, target)
  store(high, target + lanes)
}

/// Of 32 elements those with even and those with odd numbers.
@inline(__always)
func unzip(_ low: Vector, _ high: Vector) -> (even: Vector, odd: Vector) {
  (
    Vector(lowHalf: low.evenHalf, highHalf: high.evenHalf),
    Vector(lowHalf: low.oddHalf, highHalf: high.oddHalf)
  )
}

/// The opposite of ``unzip(_:_:)``.
@inline(__always)
func zip(_ even: Vector, _ odd: Vector) -> (low: Vector, high: Vector) {
  var low = Vector()
  low.evenHalf = even.lowHalf
  low.oddHalf = odd.lowHalf
  var high = Vector()
  high.evenHalf = even.highHalf
  high.oddHalf = odd.highHalf
  return (low, high)
}
