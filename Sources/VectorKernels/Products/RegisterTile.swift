/// What a row of a register tile holds: one vector or two.
protocol Line {
  static var vectors: Int { get }
  init()
  /// The vectors at `source` and, where there are two, `second` floats behind it.
  init(_ source: Source, second: Int)
  mutating func addProduct(_ factor: Vector, _ other: Self)
  func write(_ target: Target, second: Int)
}

struct NarrowLine: Line {
  static var vectors: Int { 1 }
  private var vector: Vector

  @inline(__always)
  init() { vector = Vector() }

  @inline(__always)
  init(_ source: Source, second: Int) { vector = load(source) }

  @inline(__always)
  mutating func addProduct(_ factor: Vector, _ other: NarrowLine) { vector.addProduct(factor, other.vector) }

  @inline(__always)
  func write(_ target: Target, second: Int) { store(vector, target) }
}

#if X86_64_V4
  struct WideLine: Line {
    static var vectors: Int { 2 }
    private var first: Vector
    private var second: Vector

    @inline(__always)
    init() { (first, second) = (Vector(), Vector()) }

    @inline(__always)
    init(_ source: Source, second: Int) { (first, self.second) = (load(source), load(source + second)) }

    @inline(__always)
    mutating func addProduct(_ factor: Vector, _ other: WideLine) {
      first.addProduct(factor, other.first)
      second.addProduct(factor, other.second)
    }

    @inline(__always)
    func write(_ target: Target, second: Int) {
      store(first, target)
      store(self.second, target + second)
    }
  }
#else
  /// A vector takes two of AVX2's 16 registers, which leave no room for a second one.
  typealias WideLine = NarrowLine
#endif

/// A block of a product that stays in registers while the inner dimension passes by. Taller tiles are stacked from shorter
/// ones.
protocol RegisterTile {
  associatedtype Row: Line
  static var rows: Int { get }
  init()
  /// tile[r] += a[r x `stride`] * b.
  mutating func add(_ a: Source, stride: Int, _ b: Row)
  /// Reads every row, 16 floats apart.
  mutating func read(_ source: Source, second: Int)
  /// Writes every row, `stride` floats apart.
  func write(_ target: Target, stride: Int, second: Int)
}

/// Two rows.
struct TwoRows<Row: Line>: RegisterTile {
  static var rows: Int { 2 }
  private var r0 = Row()
  private var r1 = Row()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: Source, stride: Int, _ b: Row) {
    r0.addProduct(Vector(repeating: a[0]), b)
    r1.addProduct(Vector(repeating: a[stride]), b)
  }

  @inline(__always)
  mutating func read(_ source: Source, second: Int) {
    r0 = Row(source, second: second)
    r1 = Row(source + lanes, second: second)
  }

  @inline(__always)
  func write(_ target: Target, stride: Int, second: Int) {
    r0.write(target, second: second)
    r1.write(target + stride, second: second)
  }
}

/// A tile above another.
struct Stack<Top: RegisterTile, Bottom: RegisterTile>: RegisterTile where Top.Row == Bottom.Row {
  static var rows: Int { Top.rows + Bottom.rows }
  private var top = Top()
  private var bottom = Bottom()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ a: Source, stride: Int, _ b: Top.Row) {
    top.add(a, stride: stride, b)
    bottom.add(a + Top.rows * stride, stride: stride, b)
  }

  @inline(__always)
  mutating func read(_ source: Source, second: Int) {
    top.read(source, second: second)
    bottom.read(source + Top.rows * lanes, second: second)
  }

  @inline(__always)
  func write(_ target: Target, stride: Int, second: Int) {
    top.write(target, stride: stride, second: second)
    bottom.write(target + Top.rows * stride, stride: stride, second: second)
  }
}

typealias FourRows<L: Line> = Stack<TwoRows<L>, TwoRows<L>>
#if X86_64_V4
  typealias EightRows<L: Line> = Stack<FourRows<L>, FourRows<L>>
  /// 24 sums and two vectors of the right factor in 32 registers.
  typealias TallTile<L: Line> = Stack<EightRows<L>, FourRows<L>>
  typealias ShortTile<L: Line> = FourRows<L>
  /// Rows that divide a block of 16 columns.
  typealias FlatTile<L: Line> = EightRows<L>
#else
  /// Twelve sums, two vectors of the right factor and one of the left in 16 registers.
  typealias TallTile<L: Line> = Stack<FourRows<L>, TwoRows<L>>
  typealias ShortTile<L: Line> = TwoRows<L>
  typealias FlatTile<L: Line> = FourRows<L>
#endif
