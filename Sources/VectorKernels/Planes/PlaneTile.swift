/// A block of a convolution's results that stays in registers while the taps pass by: six channels of neighbouring positions.
///
/// Every element is one chain of fused multiply-adds in the order of the taps, so the width of the block has no say in its bits.
struct PlaneTile {
  static let channels = 6
  private var s0: Vector
  private var s1: Vector
  private var s2: Vector
  private var s3: Vector
  private var s4: Vector
  private var s5: Vector
  #if X86_64_V4
    static let positions = 32
    private var t0: Vector
    private var t1: Vector
    private var t2: Vector
    private var t3: Vector
    private var t4: Vector
    private var t5: Vector
  #else
    static let positions = 16
  #endif

  /// - Parameter start: what the sum of a channel begins with.
  @inline(__always)
  init(_ start: (Int) -> Float) {
    s0 = Vector(repeating: start(0))
    s1 = Vector(repeating: start(1))
    s2 = Vector(repeating: start(2))
    s3 = Vector(repeating: start(3))
    s4 = Vector(repeating: start(4))
    s5 = Vector(repeating: start(5))
    #if X86_64_V4
      (t0, t1, t2, t3, t4, t5) = (s0, s1, s2, s3, s4, s5)
    #endif
  }

  /// tile[c, p] += weight[c] x[p], for one tap.
  @inline(__always)
  mutating func addProducts(_ x: Source, _ weight: Source) {
    let a = load(x)
    #if X86_64_V4
      let b = load(x + lanes)
      add(weight[0], a, b, &s0, &t0)
      add(weight[1], a, b, &s1, &t1)
      add(weight[2], a, b, &s2, &t2)
      add(weight[3], a, b, &s3, &t3)
      add(weight[4], a, b, &s4, &t4)
      add(weight[5], a, b, &s5, &t5)
    #else
      s0.addProduct(Vector(repeating: weight[0]), a)
      s1.addProduct(Vector(repeating: weight[1]), a)
      s2.addProduct(Vector(repeating: weight[2]), a)
      s3.addProduct(Vector(repeating: weight[3]), a)
      s4.addProduct(Vector(repeating: weight[4]), a)
      s5.addProduct(Vector(repeating: weight[5]), a)
    #endif
  }

  #if X86_64_V4
    @inline(__always)
    private func add(_ weight: Float, _ a: Vector, _ b: Vector, _ s: inout Vector, _ t: inout Vector) {
      let weight = Vector(repeating: weight)
      s.addProduct(weight, a)
      t.addProduct(weight, b)
    }
  #endif

  /// Calls `body` with the channel, the first position of a vector, and the vector.
  @inline(__always)
  func forEach(_ body: (_ channel: Int, _ position: Int, _ sums: Vector) -> Void) {
    body(0, 0, s0)
    body(1, 0, s1)
    body(2, 0, s2)
    body(3, 0, s3)
    body(4, 0, s4)
    body(5, 0, s5)
    #if X86_64_V4
      body(0, lanes, t0)
      body(1, lanes, t1)
      body(2, lanes, t2)
      body(3, lanes, t3)
      body(4, lanes, t4)
      body(5, lanes, t5)
    #endif
  }
}
