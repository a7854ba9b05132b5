#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ReferenceKernels {
  public static func relu(_ x: Floats, into y: MutableFloats, count: Int) {
    // Written so that NaN passes through.
    for i in 0..<count { y[i] = x[i] < 0 ? 0 : x[i] }
  }

  public static func reluGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int) {
    for i in 0..<count { dx[i] = y[i] > 0 ? dy[i] : 0 }
  }

  public static func sigmoid(_ x: Floats, into y: MutableFloats, count: Int) {
    for i in 0..<count { y[i] = Float(1 / (1 + exponential(-Double(x[i])))) }
  }

  public static func sigmoidGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int) {
    for i in 0..<count { dx[i] = Float(Double(dy[i]) * Double(y[i]) * (1 - Double(y[i]))) }
  }

  public static func tanh(_ x: Floats, into y: MutableFloats, count: Int) {
    for i in 0..<count { y[i] = Float(hyperbolicTangent(Double(x[i]))) }
  }

  public static func tanhGradient(_ dy: Floats, y: Floats, into dx: MutableFloats, count: Int) {
    for i in 0..<count { dx[i] = Float(Double(dy[i]) * (1 - Double(y[i]) * Double(y[i]))) }
  }
}

// The C functions under names that a static method of the same name does not hide.
func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
