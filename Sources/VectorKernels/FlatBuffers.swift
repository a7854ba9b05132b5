import Kernels
import Tensors

extension VectorKernelSet {
  public static func sumOfSquares(_ x: Floats, count: Int) -> Double { dot(x, x, count: count) }

  public static func dot(_ x: Floats, _ y: Floats, count: Int) -> Double {
    var low = SIMD8<Double>()
    var high = SIMD8<Double>()
    forEachVector(count) { index, left in
      let (x, y) = (load(x + index, left: left), load(y + index, left: left))
      low.addProduct(SIMD8<Double>(x.lowHalf), SIMD8<Double>(y.lowHalf))
      high.addProduct(SIMD8<Double>(x.highHalf), SIMD8<Double>(y.highHalf))
    }
    let eight = low + high
    let four = eight.lowHalf + eight.highHalf
    return (four.x + four.z) + (four.y + four.w)
  }

  public static func fill(_ x: MutableFloats, count: Int, value: Float) {
    forEachVector(count) { index, left in store(Vector(repeating: value), x + index, left: left) }
  }

  public static func accumulate(_ x: Floats, into y: MutableFloats, count: Int) {
    map(x, y, into: y, count) { x, y in y + x }
  }

  public static func accumulateRounded(_ x: Floats, into y: MutableFloats, count: Int) {
    for i in 0..<count { y[i] = BFloat16.rounded(y[i]) + BFloat16.rounded(x[i]) }
  }

  public static func average(_ x: Floats, into y: MutableFloats, count: Int, share: Float) {
    let share = Vector(repeating: share)
    map(x, y, into: y, count) { x, y in y.addingProduct(share, x - y) }
  }

  public static func exchange(_ x: MutableFloats, with y: MutableFloats, count: Int) {
    forEachVector(count) { index, left in
      let first = load(x + index, left: left)
      store(load(y + index, left: left), x + index, left: left)
      store(first, y + index, left: left)
    }
  }
}
