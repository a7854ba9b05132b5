/// Where the rows of the left factor of a tile begin: one pointer a row, so that a tile may run over line ends.
struct Rows {
  let p0: Source
  let p1: Source
  let p2: Source
  let p3: Source
  #if X86_64_V4
    let p4: Source
    let p5: Source
    let p6: Source
    let p7: Source
    static let count = 8
  #else
    static let count = 4
  #endif

  /// - Parameter pointer: gives the rows in order.
  @inline(__always)
  init(_ pointer: (Int) -> Source) {
    p0 = pointer(0)
    p1 = pointer(1)
    p2 = pointer(2)
    p3 = pointer(3)
    #if X86_64_V4
      p4 = pointer(4)
      p5 = pointer(5)
      p6 = pointer(6)
      p7 = pointer(7)
    #endif
  }
}

/// A block of a product that stays in registers while the inner dimension passes by.
///
/// Every element is one chain of fused multiply-adds in the order of the inner dimension, so neither the size of the tile nor
/// what is computed beside an element changes its bits.
protocol Tile {
  static var columns: Int { get }
  init()
  /// tile[r, c] += sum over i < `count` of rows[r][offset + i x step] * packed[i x width + c].
  mutating func addProducts(
    _ rows: Rows, at offset: Int, step: Int, _ packed: Source, width: Int, count: Int)
  /// Calls `body` row by row with the row, the first column of a vector, and the vector.
  func forEach(_ body: (_ row: Int, _ column: Int, _ sums: Vector) -> Void)
}

/// Sixteen columns.
struct NarrowTile: Tile {
  static var columns: Int { 16 }
  fileprivate var s0 = Vector()
  fileprivate var s1 = Vector()
  fileprivate var s2 = Vector()
  fileprivate var s3 = Vector()
  #if X86_64_V4
    fileprivate var s4 = Vector()
    fileprivate var s5 = Vector()
    fileprivate var s6 = Vector()
    fileprivate var s7 = Vector()
  #endif

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func addProducts(
    _ rows: Rows, at offset: Int, step: Int, _ packed: Source, width: Int, count: Int
  ) {
    var packed = packed
    var at = offset
    for _ in 0..<count {
      let b = load(packed)
      s0.addProduct(Vector(repeating: rows.p0[at]), b)
      s1.addProduct(Vector(repeating: rows.p1[at]), b)
      s2.addProduct(Vector(repeating: rows.p2[at]), b)
      s3.addProduct(Vector(repeating: rows.p3[at]), b)
      #if X86_64_V4
        s4.addProduct(Vector(repeating: rows.p4[at]), b)
        s5.addProduct(Vector(repeating: rows.p5[at]), b)
        s6.addProduct(Vector(repeating: rows.p6[at]), b)
        s7.addProduct(Vector(repeating: rows.p7[at]), b)
      #endif
      at += step
      packed += width
    }
  }

  @inline(__always)
  func forEach(_ body: (_ row: Int, _ column: Int, _ sums: Vector) -> Void) {
    body(0, 0, s0)
    body(1, 0, s1)
    body(2, 0, s2)
    body(3, 0, s3)
    #if X86_64_V4
      body(4, 0, s4)
      body(5, 0, s5)
      body(6, 0, s6)
      body(7, 0, s7)
    #endif
  }
}

#if X86_64_V4
  /// Thirty-two columns: sixteen sums and two right vectors in the 32 registers of AVX-512.
  struct WideTile: Tile {
    static var columns: Int { 32 }
    static var isOnePass: Bool { true }
    private var s0 = Vector()
    private var s1 = Vector()
    private var s2 = Vector()
    private var s3 = Vector()
    private var s4 = Vector()
    private var s5 = Vector()
    private var s6 = Vector()
    private var s7 = Vector()
    private var t0 = Vector()
    private var t1 = Vector()
    private var t2 = Vector()
    private var t3 = Vector()
    private var t4 = Vector()
    private var t5 = Vector()
    private var t6 = Vector()
    private var t7 = Vector()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func addProducts(
      _ rows: Rows, at offset: Int, step: Int, _ packed: Source, width: Int, count: Int
    ) {
      var packed = packed
      var at = offset
      for _ in 0..<count {
        let b = load(packed)
        let c = load(packed + 16)
        add(rows.p0[at], b, c, &s0, &t0)
        add(rows.p1[at], b, c, &s1, &t1)
        add(rows.p2[at], b, c, &s2, &t2)
        add(rows.p3[at], b, c, &s3, &t3)
        add(rows.p4[at], b, c, &s4, &t4)
        add(rows.p5[at], b, c, &s5, &t5)
        add(rows.p6[at], b, c, &s6, &t6)
        add(rows.p7[at], b, c, &s7, &t7)
        at += step
        packed += width
      }
    }

    @inline(__always)
    private func add(_ a: Float, _ b: Vector, _ c: Vector, _ s: inout Vector, _ t: inout Vector) {
      let a = Vector(repeating: a)
      s.addProduct(a, b)
      t.addProduct(a, c)
    }

    @inline(__always)
    func forEach(_ body: (_ row: Int, _ column: Int, _ sums: Vector) -> Void) {
      body(0, 0, s0)
      body(0, 16, t0)
      body(1, 0, s1)
      body(1, 16, t1)
      body(2, 0, s2)
      body(2, 16, t2)
      body(3, 0, s3)
      body(3, 16, t3)
      body(4, 0, s4)
      body(4, 16, t4)
      body(5, 0, s5)
      body(5, 16, t5)
      body(6, 0, s6)
      body(6, 16, t6)
      body(7, 0, s7)
      body(7, 16, t7)
    }
  }
#else
  /// Thirty-two columns in two passes, because 16 registers hold no more than one: the left waits while the right is summed.
  struct WideTile: Tile {
    static var columns: Int { 32 }
    static var isOnePass: Bool { false }
    private var left = NarrowTile()
    private var right = NarrowTile()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func addProducts(
      _ rows: Rows, at offset: Int, step: Int, _ packed: Source, width: Int, count: Int
    ) {
      left.addProducts(rows, at: offset, step: step, packed, width: width, count: count)
      right.addProducts(rows, at: offset, step: step, packed + 16, width: width, count: count)
    }

    @inline(__always)
    func forEach(_ body: (_ row: Int, _ column: Int, _ sums: Vector) -> Void) {
      body(0, 0, left.s0)
      body(0, 16, right.s0)
      body(1, 0, left.s1)
      body(1, 16, right.s1)
      body(2, 0, left.s2)
      body(2, 16, right.s2)
      body(3, 0, left.s3)
      body(3, 16, right.s3)
    }
  }
#endif
