/// Sums down the columns of a row-major matrix.
enum Columns {
  /// sums[c] += sum of x[r, c] over the rows, which lie `stride` floats apart.
  static func addSums(_ x: Source, rows: Int, columns: Int, stride: Int, into sums: Target) {
    var column = 0
    while column < columns {
      let left = columns - column
      let sum =
        left >= lanes
        ? self.sum(rows: rows) { load(x + $0 * stride + column) }
        : self.sum(rows: rows) { load(x + $0 * stride + column, count: left) }
      store(sum + load(sums + column, left: left), sums + column, left: left)
      column += lanes
    }
  }

  /// Four chains side by side, so that an addition need not wait for the one before it.
  @inline(__always)
  static func sum(rows: Int, _ row: (Int) -> Vector) -> Vector {
    var (a, b, c, d) = (Vector(), Vector(), Vector(), Vector())
    var i = 0
    while i + 4 <= rows {
      a += row(i)
      b += row(i + 1)
      c += row(i + 2)
      d += row(i + 3)
      i += 4
    }
    while i < rows {
      a += row(i)
      i += 1
    }
    return (a + b) + (c + d)
  }
}
