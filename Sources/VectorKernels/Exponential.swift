/// exp(x) in every lane, within 1 unit in the last place; 0 and infinity where the result is, NaN where x is.
///
/// exp(x) = 2^n exp(r) with n = round(x / ln 2) and |r| <= ln(2) / 2; exp(r) is the polynomial of Cephes' `expf`
/// (Moshier, 1984), and 2^n comes in two factors so that subnormal results round once.
///
/// Transparent, because the optimizer otherwise leaves a call here, which passes a vector in four pieces.
@_transparent
func exponential(_ x: Vector) -> Vector {
  let log2e: Float = 1.442_695_04
  // ln 2 in two parts; the first has few enough digits that n times it is exact.
  let ln2High: Float = 0.693_359_375
  let ln2Low: Float = -2.121_944_40e-4
  // Beyond these the result is 0 or infinity whatever the argument.
  let lowest = Vector(repeating: -104)
  let highest = Vector(repeating: 89)
  var clamped = x.replacing(with: lowest, where: x .< lowest)
  clamped = clamped.replacing(with: highest, where: clamped .> highest)
  // Adding and taking away 1.5 x 2^23 rounds to the nearest integer, which is then found in the low bits.
  let magic = Vector(repeating: 12_582_912)
  let shifted = magic.addingProduct(clamped, Vector(repeating: log2e))
  let n = shifted - magic
  let r = clamped.addingProduct(n, Vector(repeating: -ln2High)).addingProduct(n, Vector(repeating: -ln2Low))
  var sum = Vector(repeating: 1.987_569_15e-4)
  sum = Vector(repeating: 1.398_199_95e-3).addingProduct(sum, r)
  sum = Vector(repeating: 8.333_451_91e-3).addingProduct(sum, r)
  sum = Vector(repeating: 4.166_579_59e-2).addingProduct(sum, r)
  sum = Vector(repeating: 1.666_666_55e-1).addingProduct(sum, r)
  sum = Vector(repeating: 5.000_000_12e-1).addingProduct(sum, r)
  let power = (r + Vector(repeating: 1)).addingProduct(sum, r * r)
  let exponent =
    unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- unsafeBitCast(magic, to: SIMD16<Int32>.self)
  let half = exponent &>> SIMD16(repeating: 1)
  return power * scale(half) * scale(exponent &- half)
}

/// 2^n for n from -126 to 127.
@_transparent
private func scale(_ n: SIMD16<Int32>) -> Vector {
  unsafeBitCast((n &+ SIMD16(repeating: 127)) &<< SIMD16(repeating: 23), to: Vector.self)
}

/// |x| in every lane.
@inline(__always)
func magnitude(_ x: Vector) -> Vector {
  let mask = SIMD16<UInt32>(repeating: 0x7fff_ffff)
  return unsafeBitCast(unsafeBitCast(x, to: SIMD16<UInt32>.self) & mask, to: Vector.self)
}

/// 1 / (1 + exp(-x)), by exp(-|x|), which never overflows.
@inline(__always)
func logistic(_ x: Vector) -> Vector {
  let one = Vector(repeating: 1)
  let e = exponential(-magnitude(x))
  return one.replacing(with: e, where: x .< Vector()) / (one + e)
}

/// tanh(x): near zero the odd polynomial of Cephes' `tanhf` (Moshier, 1984), else 1 - 2 / (exp(2|x|) + 1) with the sign of x.
@inline(__always)
func hyperbolicTangent(_ x: Vector) -> Vector {
  let size = magnitude(x)
  let one = Vector(repeating: 1)
  let two = Vector(repeating: 2)
  let far = one - two / (exponential(size + size) + one)
  let square = x * x
  var sum = Vector(repeating: -5.704_988_73e-3)
  sum = Vector(repeating: 2.063_908_88e-2).addingProduct(sum, square)
  sum = Vector(repeating: -5.373_971_13e-2).addingProduct(sum, square)
  sum = Vector(repeating: 1.333_144_19e-1).addingProduct(sum, square)
  sum = Vector(repeating: -3.333_328_19e-1).addingProduct(sum, square)
  let near = x.addingProduct(sum * square, x)
  let signed = far.replacing(with: -far, where: x .< Vector())
  return near.replacing(with: signed, where: size .> Vector(repeating: 0.625))
}
