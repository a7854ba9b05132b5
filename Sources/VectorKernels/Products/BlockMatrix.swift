import CPrefetch

/// A matrix whose columns are cut into blocks of 16: block after block, and within a block row after row.
///
/// A product that walks along its columns or its rows then reads memory in order, and every row of a tile lies a constant
/// distance from the one before it.
struct BlockMatrix {
  let base: Target
  /// Rows that each block has room for.
  let rows: Int

  /// Floats of a matrix.
  static func count(rows: Int, columns: Int) -> Int { rows * padded(columns) }

  /// The 16 columns from `column` on, which is a multiple of 16.
  @inline(__always)
  func block(at column: Int) -> Target { base + column * rows }
}

/// Lines of memory that are needed soon, and that a product asks for while it runs: one for each of its steps.
struct UpcomingLines {
  let base: Source
  let count: Int
}

/// Products of block matrices.
///
/// Every element is one chain of fused multiply-adds in the order of the inner dimension, so what is computed beside an
/// element does not change its bits.
enum BlockProducts {
  /// Rows of the tallest tile of any build, and whole tiles of each: of them parts of a batch are a multiple, so that all builds cut alike;
  /// `multiply` writes no further.
  static let tileRows = 12
  /// Columns that the widest tile has.
  static let tileColumns = 32
  /// What the inner dimension of `multiply` is a multiple of: half a block, as few channels as a product may have.
  private static let step = lanes / 2

  /// Columns of a and rows of b that are multiplied for `count` of them; those behind them are zeros.
  static func inner(_ count: Int) -> Int { (count + step - 1) / step * step }

  /// c = a b for the first `rows` rows of a and c, rounded up to whole tiles; `inner` counts a's columns and b's rows as
  /// ``inner(_:)`` does.
  /// - Parameters:
  ///   - adding: whether c holds a sum already, which goes on; else it is overwritten.
  ///   - upcoming: what the next product needs.
  static func multiply(
    _ a: BlockMatrix, _ b: BlockMatrix, into c: BlockMatrix, rows: Int, inner: Int, columns: Int,
    adding: Bool, upcoming: UpcomingLines? = nil
  ) {
    var (column, upcoming) = (0, upcoming)
    while column < columns {
      if columns - column > lanes, WideLine.vectors == 2 {
        strip(
          WideLine.self, a, b, into: c, rows: rows, inner: inner, column: column, adding: adding, upcoming)
      } else {
        strip(
          NarrowLine.self, a, b, into: c, rows: rows, inner: inner, column: column, adding: adding, upcoming)
      }
      upcoming = nil
      column += columns - column > lanes ? WideLine.vectors * lanes : lanes
    }
  }

  @inline(__always)
  private static func strip<L: Line>(
    _: L.Type, _ a: BlockMatrix, _ b: BlockMatrix, into c: BlockMatrix, rows: Int, inner: Int, column: Int,
    adding: Bool, _ upcoming: UpcomingLines?
  ) {
    var (row, requested) = (0, 0)
    while row < rows {
      if rows - row > TallTile<L>.rows - ShortTile<L>.rows {
        let next = upcoming.flatMap { requested < $0.count ? $0.base + requested * lanes : nil }
        tile(TallTile<L>.self, a, b, into: c, row: row, inner: inner, column: column, adding: adding, next)
        row += TallTile<L>.rows
        requested += inner
      } else {
        tile(ShortTile<L>.self, a, b, into: c, row: row, inner: inner, column: column, adding: adding, nil)
        row += ShortTile<L>.rows
      }
    }
  }

  @inline(__always)
  private static func tile<T: RegisterTile>(
    _: T.Type, _ a: BlockMatrix, _ b: BlockMatrix, into c: BlockMatrix, row: Int, inner: Int, column: Int,
    adding: Bool, _ upcoming: Source?
  ) {
    let target = c.block(at: column) + row * lanes
    var tile = T()
    if adding { tile.read(target, second: c.rows * lanes) }
    var left = Source(a.base + row * lanes)
    var right = Source(b.block(at: column))
    let second = b.rows * lanes
    var upcoming = upcoming
    for first in stride(from: 0, to: inner, by: step) {
      for lane in 0..<step {
        if let line = upcoming {
          prefetchForReading(line)
          upcoming = line + lanes
        }
        tile.add(left + lane, stride: lanes, T.Row(right, second: second))
        right += lanes
      }
      left += (first + step) % lanes == 0 ? (a.rows - 1) * lanes + step : step
    }
    tile.write(target, stride: lanes, second: c.rows * lanes)
  }

  /// c += a' b for the first `inner` rows of a and b; `rows` counts a's columns and c's rows.
  /// - Parameter adding: whether c holds a sum already; else it is overwritten.
  static func multiplyTransposed(
    _ a: BlockMatrix, _ b: BlockMatrix, into c: BlockMatrix, rows: Int, inner: Int, columns: Int, adding: Bool
  ) {
    var column = 0
    while column < columns {
      if columns - column > lanes, WideLine.vectors == 2 {
        stripTransposed(
          WideLine.self, a, b, into: c, rows: rows, inner: inner, column: column, adding: adding)
      } else {
        stripTransposed(
          NarrowLine.self, a, b, into: c, rows: rows, inner: inner, column: column, adding: adding)
      }
      column += columns - column > lanes ? WideLine.vectors * lanes : lanes
    }
  }

  @inline(__always)
  private static func stripTransposed<L: Line>(
    _: L.Type, _ a: BlockMatrix, _ b: BlockMatrix, into c: BlockMatrix, rows: Int, inner: Int, column: Int,
    adding: Bool
  ) {
    var row = 0
    while row < rows {
      let target = c.block(at: column) + row * lanes
      for next in FlatTile<L>.rows..<2 * FlatTile<L>.rows {
        prefetchForWriting(target + next * lanes)
        if L.vectors > 1 { prefetchForWriting(target + (c.rows + next) * lanes) }
      }
      var tile = FlatTile<L>()
      if adding { tile.read(target, second: c.rows * lanes) }
      addTransposed(a, b, 0..<inner, row: row, column: column, to: &tile)
      tile.write(target, stride: lanes, second: c.rows * lanes)
      row += FlatTile<L>.rows
    }
  }

  /// tile += a' b for some rows of a and b: for the columns of a from `row` on, and those of b from `column` on.
  /// - Parameter upcoming: how far behind those of a the rows lie that are needed next.
  @inline(__always)
  static func addTransposed<L: Line>(
    _ a: BlockMatrix, _ b: BlockMatrix, _ inner: Range<Int>, row: Int, column: Int,
    to tile: inout FlatTile<L>, upcoming: Int? = nil
  ) {
    var left = Source(a.block(at: row / lanes * lanes) + inner.lowerBound * lanes + row % lanes)
    var right = Source(b.block(at: column) + inner.lowerBound * lanes)
    let second = b.rows * lanes
    for _ in 0..<inner.count {
      if let upcoming { prefetchForReading(left + upcoming) }
      tile.add(left, stride: 1, L(right, second: second))
      left += lanes
      right += lanes
    }
  }
}
