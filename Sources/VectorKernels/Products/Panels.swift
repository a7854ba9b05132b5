/// How the columns of a right factor are cut into panels of 32, the last of which may have 16.
///
/// The panel that begins at column c begins at c x rows in the packed matrix; lanes without a column are zero.
enum Panels {
  /// Calls `body` with the first column and the width of every panel.
  @inline(__always)
  static func forEach(columns: Int, _ body: (_ column: Int, _ width: Int) -> Void) {
    var column = 0
    while column < columns {
      let width = columns - column > NarrowTile.columns ? WideTile.columns : NarrowTile.columns
      body(column, width)
      column += width
    }
  }

  /// Packs a row-major matrix, whose rows lie `stride` floats apart, as the rows from `first` on of a matrix of `all`.
  static func pack(
    _ source: Source, rows: Int, columns: Int, stride rowStride: Int, into packed: Target, at first: Int = 0,
    of all: Int? = nil
  ) {
    forEach(columns: columns) { column, width in
      let panel = packed + column * (all ?? rows) + first * width
      for half in stride(from: 0, to: width, by: lanes) {
        let source = source + column + half
        let target = panel + half
        if columns - column - half >= lanes {
          for row in 0..<rows { store(load(source + row * rowStride), target + row * width) }
        } else {
          let left = columns - column - half
          for row in 0..<rows { store(load(source + row * rowStride, count: left), target + row * width) }
        }
      }
    }
  }

  /// Packs the transpose of a row-major matrix: its `rows` become columns.
  static func packTransposed(_ source: Source, rows: Int, columns: Int, into packed: Target) {
    forEach(columns: rows) { row, width in
      let panel = packed + row * columns
      for half in stride(from: 0, to: width, by: lanes) {
        transpose(
          source + (row + half) * columns, rows: min(lanes, rows - row - half), columns: columns,
          into: panel + half, width: width)
      }
    }
  }

  /// packed[c x width + r] = source[r, c] for up to 16 rows; zeros in the lanes behind them.
  @inline(__always)
  private static func transpose(
    _ source: Source, rows: Int, columns: Int, into packed: Target, width: Int
  ) {
    for column in 0..<columns {
      let target = packed + column * width
      if rows == lanes {
        for lane in 0..<lanes { target[lane] = source[lane * columns + column] }
      } else {
        store(Vector(), target)
        for lane in 0..<rows { target[lane] = source[lane * columns + column] }
      }
    }
  }
}
