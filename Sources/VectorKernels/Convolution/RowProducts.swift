import CPrefetch

/// Rows times a matrix, c = a b, of which b alone is copied, into blocks.
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

  /// Floats of b that the second-level cache holds beside what passes by; measured.
  private static let held = 1 << 17
  /// Floats between rows that keep all of them in a few sets of the first-level cache.
  private static let crowded = 1 << 10

  // Scratch: the sums of a tile, rows of a, the columns of b at hand.
  private static var copyStart: Int { BlockProducts.tileRows * BlockProducts.tileColumns }
  private static func copyStride(_ inner: Int) -> Int { padded(inner) + lanes }
  private static func blockStart(_ inner: Int) -> Int {
    copyStart + BlockProducts.tileRows * copyStride(inner)
  }

  /// Floats of scratch.
  static func scratch(inner: Int, columns: Int) -> Int {
    blockStart(inner) + inner * min(padded(columns), together(inner))
  }

  /// Columns of b that are multiplied together at most.
  private static func together(_ inner: Int) -> Int {
    max(1, held / (inner * BlockProducts.tileColumns)) * BlockProducts.tileColumns
  }

  /// Computes every element.
  ///
  /// - Parameter read: copies some of b's columns into blocks.
  func write<Result: ProductResult>(
    _ result: Result, _ read: (_ blocks: BlockMatrix, _ columns: Range<Int>) -> Void
  ) {
    let together = Self.together(inner)
    let blocks = BlockMatrix(base: scratch + Self.blockStart(inner), rows: inner)
    for first in Swift.stride(from: 0, to: columns, by: together) {
      let some = first..<min(columns, first + together)
      read(blocks, some)
      var row = 0
      while row < rows {
        if rows - row >= TallTile<WideLine>.rows {
          strips(TallTile<WideLine>.self, TallTile<NarrowLine>.self, blocks, row, some, result)
          row += TallTile<WideLine>.rows
        } else {
          strips(ShortTile<WideLine>.self, ShortTile<NarrowLine>.self, blocks, row, some, result)
          row += ShortTile<WideLine>.rows
        }
      }
    }
  }

  /// The rows of a tile times the columns at hand.
  @inline(__always)
  private func strips<Wide: RegisterTile, Narrow: RegisterTile, Result: ProductResult>(
    _: Wide.Type, _: Narrow.Type, _ blocks: BlockMatrix, _ row: Int, _ columns: Range<Int>, _ result: Result
  ) {
    let count = min(Wide.rows, rows - row)
    var (source, distance) = (a + row * stride, stride)
    if count < Wide.rows || stride % Self.crowded == 0 {
      distance = Self.copyStride(inner)
      let copy = scratch + Self.copyStart
      for index in 0..<Wide.rows {
        forEachVector(inner) { column, left in
          let vector = index < count ? load(source + index * stride + column, left: left) : Vector()
          store(vector, copy + index * distance + column)
        }
      }
      source = Source(copy)
    }
    let width = Wide.Row.vectors * lanes
    let share = (Wide.rows * width + columns.count - 1) / columns.count
    var (column, requested) = (0, 0)
    while column < columns.count {
      let left = columns.count - column
      let upcoming = requested..<min(Wide.rows, requested + share)
      if left > lanes, Wide.Row.vectors == 2 {
        tile(Wide.self, blocks, source, distance, row, count, columns, column, upcoming, result)
      } else {
        tile(Narrow.self, blocks, source, distance, row, count, columns, column, upcoming, result)
      }
      column += left > lanes ? width : lanes
      requested = upcoming.upperBound
    }
  }

  @inline(__always)
  private func tile<T: RegisterTile, Result: ProductResult>(
    _: T.Type, _ blocks: BlockMatrix, _ source: Source, _ distance: Int, _ row: Int, _ count: Int,
    _ columns: Range<Int>, _ column: Int, _ upcoming: Range<Int>, _ result: Result
  ) {
    let first = columns.lowerBound + column
    for index in 0..<count {
      for vector in 0..<T.Row.vectors { result.request(row + index, first + vector * lanes) }
    }
    var tile = T()
    var (left, right) = (source, Source(blocks.block(at: column)))
    let second = blocks.rows * lanes
    let next = a + (row + T.rows + upcoming.lowerBound) * stride
    for inner in Swift.stride(from: 0, to: inner, by: lanes) {
      var line = next + inner
      for _ in upcoming {
        prefetchForReading(line)
        line += stride
      }
      for _ in inner..<min(self.inner, inner + lanes) {
        tile.add(left, stride: distance, T.Row(right, second: second))
        left += 1
        right += lanes
      }
    }
    tile.write(scratch, stride: T.Row.vectors * lanes, second: lanes)
    var sums = Source(scratch)
    for index in 0..<count {
      for vector in Swift.stride(from: 0, to: T.Row.vectors * lanes, by: lanes) {
        result.write(load(sums), row + index, first + vector, left: columns.count - column - vector)
        sums += lanes
      }
    }
  }
}

/// Where the elements of a product go.
protocol ProductResult {
  /// Asks for the place of a vector.
  func request(_ row: Int, _ column: Int)
  /// - Parameter left: columns from the vector's first on.
  func write(_ sum: Vector, _ row: Int, _ column: Int, left: Int)
}
