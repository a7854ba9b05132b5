import CPrefetch

/// A product c = a b, a (rows, inner) and b (inner, columns), of which a is read where it lies, and b is copied into blocks.
///
/// A few rows stay in the first-level cache while they are multiplied by as many columns as the second level holds. Meanwhile the rows
/// behind them are asked for, and the places of the results: memory and arithmetic work side by side.
///
/// Every element is one chain of fused multiply-adds in the order of the inner dimension, so what is computed beside it does not
/// change its bits.
struct RowProducts {
  /// The first row of a; each lies `stride` floats behind the one before it.
  let a: Source
  let stride: Int
  let rows: Int
  let inner: Int
  let columns: Int
  let scratch: Target

  /// Floats of b that the second-level cache holds beside what passes by; half and twice as many are as fast.
  private static let held = 1 << 17
  /// Floats between rows that let the same element of all of them meet in one set of the first-level cache.
  private static let crowded = 1 << 10

  // Scratch: the sums of a tile, copies of rows of a, the columns of b at hand.
  private static var copyStart: Int { BlockProducts.tileRows * BlockProducts.tileColumns }
  private static func copyStride(_ inner: Int) -> Int { padded(inner) + lanes }
  private static func blockStart(_ inner: Int) -> Int {
    copyStart + BlockProducts.tileRows * copyStride(inner)
  }

  /// Floats of scratch.
  static func scratch(inner: Int, columns: Int) -> Int {
    blockStart(inner) + inner * min(padded(columns), columnsTogether(inner))
  }

  /// Columns of b that are multiplied together at most.
  private static func columnsTogether(_ inner: Int) -> Int {
    max(1, held / (inner * BlockProducts.tileColumns)) * BlockProducts.tileColumns
  }

  /// Computes every element.
  ///
  /// - Parameter read: copies some of b's columns into blocks.
  func write<Result: ProductResult>(
    _ result: Result, _ read: (_ blocks: BlockMatrix, _ columns: Range<Int>) -> Void
  ) {
    guard rows > 0 else { return }
    let together = Self.columnsTogether(inner)
    let blocks = BlockMatrix(base: scratch + Self.blockStart(inner), rows: inner)
    for first in Swift.stride(from: 0, to: columns, by: together) {
      let some = first..<min(columns, first + together)
      read(blocks, some)
      var row = 0
      while row < rows {
        if rows - row >= TallTile<WideLine>.rows {
          multiply(TallTile<WideLine>.self, TallTile<NarrowLine>.self, row, blocks, some, result)
          row += TallTile<WideLine>.rows
        } else {
          multiply(ShortTile<WideLine>.self, ShortTile<NarrowLine>.self, row, blocks, some, result)
          row += ShortTile<WideLine>.rows
        }
      }
    }
  }

  /// The rows of a tile times the columns at hand.
  @inline(__always)
  private func multiply<Wide: RegisterTile, Narrow: RegisterTile, Result: ProductResult>(
    _: Wide.Type, _: Narrow.Type, _ row: Int, _ blocks: BlockMatrix, _ columns: Range<Int>, _ result: Result
  ) {
    let strip = RowStrip(
      rows: tileRows(Wide.rows, from: row), next: a + (row + Wide.rows) * stride, stride: stride,
      first: row, blocks: blocks, columns: columns, sums: scratch, result: result)
    let width = Wide.Row.vectors * lanes
    let share = (Wide.rows * width + columns.count - 1) / columns.count
    var (column, requested) = (0, 0)
    while column < columns.count {
      let left = columns.count - column
      let upcoming = requested..<min(Wide.rows, requested + share)
      if left > lanes, Wide.Row.vectors == 2 {
        strip.multiply(Wide.self, column, upcoming)
      } else {
        strip.multiply(Narrow.self, column, upcoming)
      }
      column += left > lanes ? width : lanes
      requested = upcoming.upperBound
    }
  }

  /// The rows of a tile. It reads all that it has room for: where there are fewer, they are copied in front of zeros, and where they would
  /// meet in one set of the cache, out of each other's way.
  @inline(__always)
  private func tileRows(_ room: Int, from row: Int) -> TileRows {
    let (source, count) = (a + row * stride, min(room, rows - row))
    guard count < room || stride % Self.crowded == 0 else {
      return TileRows(base: source, stride: stride, count: count)
    }
    let (copy, distance) = (scratch + Self.copyStart, Self.copyStride(inner))
    for index in 0..<room {
      forEachVector(inner) { column, left in
        let vector = index < count ? load(source + index * stride + column, left: left) : Vector()
        store(vector, copy + index * distance + column)
      }
    }
    return TileRows(base: Source(copy), stride: distance, count: count)
  }
}

/// Where the elements of a product go. A type, since the compiler puts closures in line in some places and not in others.
protocol ProductResult {
  /// Asks for the place of a vector.
  func request(_ row: Int, _ column: Int)
  /// - Parameter left: columns from the vector's first on.
  func write(_ sum: Vector, _ row: Int, _ column: Int, left: Int)
}

private struct TileRows {
  let base: Source
  let stride: Int
  /// How many of them are wanted.
  let count: Int
}

/// A tile's rows, and the columns that they are multiplied by.
private struct RowStrip<Result: ProductResult> {
  let rows: TileRows
  /// The rows behind them.
  let next: Source
  let stride: Int
  /// The number of the first row.
  let first: Int
  let blocks: BlockMatrix
  let columns: Range<Int>
  /// Room for a tile.
  let sums: Target
  let result: Result

  /// - Parameters:
  ///   - column: the tile's first, of those at hand.
  ///   - upcoming: which of the rows behind are asked for meanwhile.
  @inline(__always)
  func multiply<T: RegisterTile>(_: T.Type, _ column: Int, _ upcoming: Range<Int>) {
    let place = columns.lowerBound + column
    for row in 0..<rows.count {
      for vector in 0..<T.Row.vectors { result.request(first + row, place + vector * lanes) }
    }
    var tile = T()
    var (left, right) = (rows.base, Source(blocks.block(at: column)))
    let second = blocks.rows * lanes
    let next = next + upcoming.lowerBound * stride
    for inner in Swift.stride(from: 0, to: blocks.rows, by: lanes) {
      var line = next + inner
      for _ in upcoming {
        prefetchForReading(line)
        line += stride
      }
      for _ in inner..<min(blocks.rows, inner + lanes) {
        tile.add(left, stride: rows.stride, T.Row(right, second: second))
        left += 1
        right += lanes
      }
    }
    tile.write(sums, stride: T.Row.vectors * lanes, second: lanes)
    var sum = Source(sums)
    for row in 0..<rows.count {
      for vector in Swift.stride(from: 0, to: T.Row.vectors * lanes, by: lanes) {
        result.write(load(sum), first + row, place + vector, left: columns.count - column - vector)
        sum += lanes
      }
    }
  }
}
