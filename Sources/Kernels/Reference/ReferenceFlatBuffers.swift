import Tensors

extension ReferenceKernels {
  public static func sumOfSquares(_ x: Floats, count: Int) -> Double {
    var sum = 0.0
    for i in 0..<count { sum += Double(x[i]) * Double(x[i]) }
    return sum
  }

  public static func dot(_ x: Floats, _ y: Floats, count: Int) -> Double {
    (0..<count).reduce(0) { $0 + Double(x[$1]) * Double(y[$1]) }
  }

  public static func fill(_ x: MutableFloats, count: Int, value: Float) {
    for i in 0..<count { x[i] = value }
  }

  public static func accumulate(_ x: Floats, into y: MutableFloats, count: Int) {
    for i in 0..<count { y[i] += x[i] }
  }

  public static func accumulateRounded(_ x: Floats, into y: MutableFloats, count: Int) {
    for i in 0..<count { y[i] = BFloat16.rounded(y[i]) + BFloat16.rounded(x[i]) }
  }

  public static func average(_ x: Floats, into y: MutableFloats, count: Int, share: Float) {
    for i in 0..<count { y[i] = Float(Double(y[i]) + Double(share) * (Double(x[i]) - Double(y[i]))) }
  }

  public static func exchange(_ x: MutableFloats, with y: MutableFloats, count: Int) {
    for i in 0..<count { (x[i], y[i]) = (y[i], x[i]) }
  }
}
