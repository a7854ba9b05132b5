import CPrefetch
import Kernels

/// The gradients of filters where a few shards are worked on together.
extension WinogradTiles where Scheme: WinogradScheme {
  /// A shard's tiles among those at hand; where one shard has more of them, those at hand.
  private func tiles(of shard: Shard, in range: Range<Int>) -> Range<Int> {
    let size = down * across
    let tiles = shard.samples.lowerBound * size..<shard.samples.upperBound * size
    let some = tiles.clamped(to: range)
    return some.lowerBound - range.lowerBound..<some.upperBound - range.lowerBound
  }

  /// As for one shard, but gradients are added up in the tree of shards.
  func readOutputGradients(
    _ pixels: Pixels<Source>, _ channels: Range<Int>, _ range: Range<Int>, of shards: Shards, sums: Target?
  ) {
    guard let sums else { return readOutputGradients(pixels, channels, range, sums: nil) }
    VectorKernels.addTree(
      shards.count, weight: sums + channels.lowerBound, weights: channels.count, bias: nil, biases: 0,
      scratch: shardPlaces
    ) { shard, sums, _ in
      let tiles = tiles(of: shards[shard], in: range)
      readOutputGradients(
        pixels, channels, range.lowerBound + tiles.lowerBound..<range.lowerBound + tiles.upperBound,
        into: output(0).base + tiles.lowerBound * lanes, sums: sums - channels.lowerBound)
    }
  }

  /// dw += the tree of shards' gradients of filters, from the points of inputs and of some outputs' gradients.
  ///
  /// Each block of filters, a register tile of inputs and outputs, goes its whole way in the cache: the products of a column of points,
  /// which the first level holds until they are transformed, one column after the other; then the transform of the rows, and the sum
  /// over shards, which is written once.
  func addFilterGradients(
    _ range: Range<Int>, of shards: Shards, into dw: Target, inputs count: Int, outputs: Int,
    _ channels: Range<Int>
  ) {
    for column in stride(from: 0, to: channels.count, by: WideLine.vectors * lanes) {
      let target = dw + channels.lowerBound + column
      if channels.count - column > lanes, WideLine.vectors == 2 {
        addBlocks(
          WideLine.self, range, of: shards, into: target, inputs: count, outputs: outputs, column: column,
          left: channels.count - column)
      } else {
        addBlocks(
          NarrowLine.self, range, of: shards, into: target, inputs: count, outputs: outputs, column: column,
          left: channels.count - column)
      }
    }
  }

  @inline(__always)
  private func addBlocks<L: Line>(
    _: L.Type, _ range: Range<Int>, of shards: Shards, into dw: Target, inputs count: Int, outputs: Int,
    column: Int, left: Int
  ) {
    typealias T = FlatTile<L>
    let second = T.rows * lanes
    let block = L.vectors * second
    let (points, between, places) = (columns, columns + Scheme.filterPoints * block, shardPlaces)
    for row in stride(from: 0, to: count, by: T.rows) {
      ShardTree.forEach(shards.count) { shard, place in
        let tiles = tiles(of: shards[shard], in: range)
        for across in 0..<Scheme.filterPoints {
          for down in 0..<Scheme.filterPoints {
            let point = down * Scheme.filterPoints + across
            if shard == 0 {
              // The gradients that the block is added to at last, some at every point.
              for filter in stride(from: point, to: Self.taps * T.rows, by: Self.filterMatrices) {
                let upcoming = dw + (filter / T.rows * count + row + filter % T.rows) * outputs
                for vector in 0..<L.vectors { prefetchForWriting(upcoming + vector * lanes) }
              }
            }
            var tile = T()
            forEachPoint(ofFilter: point) { point in
              let down = point / Scheme.points
              let next = down + 1 < Scheme.points ? Scheme.points : 1 - down * Scheme.points
              // A line of the inputs has the rows of several blocks: it is asked for once.
              BlockProducts.addTransposed(
                input(point), output(point), tiles, row: row, column: column, to: &tile,
                upcoming: row % lanes == 0 ? next * inputStride : nil)
            }
            tile.write(points + down * block, stride: lanes, second: second)
          }
          for vector in stride(from: 0, to: block, by: lanes) {
            Scheme.FilterGradient.apply({ load(points + $0 * block + vector) }) { tap, sum in
              store(sum, between + (tap * Scheme.filterPoints + across) * block + vector)
            }
          }
        }
        let place = places + place * Self.place
        for down in 0..<Scheme.kernel {
          for vector in stride(from: 0, to: block, by: lanes) {
            Scheme.FilterGradient.apply({
              load(between + (down * Scheme.filterPoints + $0) * block + vector)
            }) { across, sum in
              store(sum, place + (down * Scheme.kernel + across) * block + vector)
            }
          }
        }
      } merge: { place in
        let place = places + place * Self.place
        VectorKernels.accumulate(place + Self.place, into: place, count: Self.taps * block)
      }
      for tap in 0..<Self.taps {
        for input in 0..<min(T.rows, count - row) {
          for vector in 0..<L.vectors {
            let sum = load(places + tap * block + vector * second + input * lanes)
            let target = dw + (tap * count + row + input) * outputs + vector * lanes
            store(sum + load(target, left: left - vector * lanes), target, left: left - vector * lanes)
          }
        }
      }
    }
  }
}
