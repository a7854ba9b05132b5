/// Gradients of one row of a filter's taps, summed over positions: a vector for each tap, whose lanes are added up in the end.
protocol TapSums {
  static var taps: Int { get }
  init()
  /// sums[j] += x[j...] dz.
  mutating func add(_ x: Source, _ dz: Vector)
  /// Adds the sums to `taps` vectors of memory.
  func add(to target: Target)
}

struct ThreeTapSums: TapSums {
  static var taps: Int { 3 }
  private var s0 = Vector()
  private var s1 = Vector()
  private var s2 = Vector()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ x: Source, _ dz: Vector) {
    s0.addProduct(load(x), dz)
    s1.addProduct(load(x + 1), dz)
    s2.addProduct(load(x + 2), dz)
  }

  @inline(__always)
  func add(to target: Target) {
    store(load(target) + s0, target)
    store(load(target + lanes) + s1, target + lanes)
    store(load(target + 2 * lanes) + s2, target + 2 * lanes)
  }
}

struct FiveTapSums: TapSums {
  static var taps: Int { 5 }
  private var first = ThreeTapSums()
  private var s3 = Vector()
  private var s4 = Vector()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ x: Source, _ dz: Vector) {
    first.add(x, dz)
    s3.addProduct(load(x + 3), dz)
    s4.addProduct(load(x + 4), dz)
  }

  @inline(__always)
  func add(to target: Target) {
    first.add(to: target)
    store(load(target + 3 * lanes) + s3, target + 3 * lanes)
    store(load(target + 4 * lanes) + s4, target + 4 * lanes)
  }
}

/// One row of taps of neighbouring channels, as many as registers hold.
struct TapTile<Sums: TapSums> {
  private var s0 = Sums()
  #if X86_64_V4
    static var channels: Int { 3 }
    private var s1 = Sums()
    private var s2 = Sums()
  #else
    static var channels: Int { 1 }
  #endif

  @inline(__always)
  init() {}

  /// Adds 16 positions; the planes of dz lie `stride` floats apart.
  @inline(__always)
  mutating func add(_ x: Source, _ dz: Source, stride: Int) {
    s0.add(x, load(dz))
    #if X86_64_V4
      s1.add(x, load(dz + stride))
      s2.add(x, load(dz + 2 * stride))
    #endif
  }

  /// Adds the sums of the first `count` channels to memory, where they lie `stride` floats apart.
  @inline(__always)
  func add(to target: Target, stride: Int, count: Int) {
    s0.add(to: target)
    #if X86_64_V4
      if count > 1 { s1.add(to: target + stride) }
      if count > 2 { s2.add(to: target + 2 * stride) }
    #endif
  }
}
