/// The square root of numbers that are not negative, to about a unit in the last place; of subnormal numbers something small.
///
/// Swift's own takes the lanes one by one. This one starts from half the exponent and a table of one entry, the constant of the
/// well-known fast inverse square root, and improves 1 / sqrt(x) three times by Newton's method: r += r (1/2 - x/2 r r), each of
/// which squares the error; then the root itself once.
@inline(__always)
func squareRoot(_ x: Vector) -> Vector {
  let bits = unsafeBitCast(x, to: SIMD16<UInt32>.self)
  var inverse = unsafeBitCast(SIMD16<UInt32>(repeating: 0x5f37_59df) &- (bits &>> 1), to: Vector.self)
  let half = x * 0.5
  let target = Vector(repeating: 0.5)
  for _ in 0..<3 {
    inverse.addProduct(inverse, target.addingProduct(-(half * inverse), inverse))
  }
  var root = x * inverse
  root.addProduct(inverse * 0.5, x.addingProduct(-root, root))
  return root.replacing(with: x, where: x .== Vector(repeating: .infinity))
}
