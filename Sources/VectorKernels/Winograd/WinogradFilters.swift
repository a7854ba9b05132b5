import CPrefetch

/// Input channels by which filters and their gradients are asked for before they are needed; measured.
private let ahead = 4

/// Filters into points, and the gradients of points into those of filters.
///
/// A filter's channels lie far from those of the next: two vectors of each are read at a time, which is what memory gives at once, and
/// asked for before, since the processor does not see that many streams.
extension WinogradTiles {
  /// matrices[p] = the points of the filters of some input and output channels; `weight` is (kernel, kernel, inputs, outputs).
  func readFilters(
    _ weight: Source, inputs count: Int, outputs: Int, _ slice: Range<Int>, _ channels: Range<Int>
  ) {
    let (between, matrices) = (square, filter(0).base)
    for first in stride(from: channels.lowerBound, to: channels.upperBound, by: 2 * lanes) {
      let last = min(first + 2 * lanes, channels.upperBound)
      for input in slice {
        for tap in 0..<Self.taps {
          let upcoming = weight + (tap * count + input + ahead) * outputs + first
          prefetchForReading(upcoming)
          prefetchForReading(upcoming + lanes)
        }
        for output in stride(from: first, to: last, by: lanes) {
          let target =
            matrices + (output - channels.lowerBound) * self.slice + (input - slice.lowerBound) * lanes
          Scheme.Filter.applyToSquare(between) { row, column in
            load(
              weight + ((row * Scheme.kernel + column) * count + input) * outputs + output,
              left: last - output)
          } _: { row, column, vector in
            store(vector, target + (row * Scheme.filterPoints + column) * filterStride)
          }
        }
      }
      for output in stride(from: first, to: last, by: lanes) {
        clearRows(behind: slice.count, of: matrices + (output - channels.lowerBound) * self.slice)
      }
    }
  }

  /// matrices[p] = the points of the filters of some input and output channels that lead back: turned half around, from `outputs` to
  /// `inputs`. `weight` is (kernel, kernel, `outputs`, `inputs`).
  func readFiltersBack(
    _ weight: Source, inputs count: Int, outputs: Int, _ slice: Range<Int>, _ channels: Range<Int>
  ) {
    let (between, matrices, turned) = (square, filter(0).base, turned)
    let taps = Scheme.kernel * Scheme.kernel
    var output = channels.lowerBound
    while output < channels.upperBound {
      let rows = min(lanes, channels.upperBound - output)
      let block = matrices + (output - channels.lowerBound) * self.slice
      for input in stride(from: slice.lowerBound, to: slice.upperBound, by: 2 * lanes) {
        let (columns, target) = (
          min(2 * lanes, slice.upperBound - input), block + (input - slice.lowerBound) * lanes
        )
        for tap in 0..<taps {
          let (source, square) = (
            weight + (tap * outputs + output) * count + input, turned + (taps - 1 - tap) * 2 * lanes * lanes
          )
          for row in 0..<rows {
            let upcoming = source + row * count + 2 * lanes
            prefetchForReading(upcoming)
            prefetchForReading(upcoming + lanes)
          }
          for half in stride(from: 0, to: columns, by: lanes) {
            transpose(
              source + half, rows: rows, columns: min(lanes, columns - half), stride: count,
              into: square + half * lanes)
          }
        }
        for column in 0..<columns {
          Scheme.Filter.applyToSquare(between) { row, tap in
            load(turned + ((row * Scheme.kernel + tap) * 2 * lanes + column) * lanes)
          } _: { row, point, vector in
            store(vector, target + column * lanes + (row * Scheme.filterPoints + point) * filterStride)
          }
        }
      }
      clearRows(behind: slice.count, of: block)
      output += lanes
    }
  }

  /// The inner dimension of a product ends at a whole block.
  private func clearRows(behind count: Int, of block: Target) {
    for point in 0..<Self.filterMatrices {
      clear(block + point * filterStride + count * lanes, count: (padded(count) - count) * lanes)
    }
  }
}

extension WinogradTiles where Scheme: WinogradScheme {
  /// dw += the filters' gradients, from those of their points.
  func addFilterGradients(into dw: Target, inputs count: Int, outputs: Int) {
    let (between, matrices) = (square, Source(filter(0).base))
    for first in stride(from: 0, to: outputs, by: 2 * lanes) {
      let last = min(first + 2 * lanes, outputs)
      for input in 0..<count {
        for tap in 0..<Self.taps {
          let upcoming = dw + (tap * count + input + ahead) * outputs + first
          prefetchForWriting(upcoming)
          prefetchForWriting(upcoming + lanes)
        }
        for output in stride(from: first, to: last, by: lanes) {
          let (source, left) = (matrices + output * inputs + input * lanes, last - output)
          Scheme.FilterGradient.applyToSquare(between) { row, column in
            load(source + (row * Scheme.filterPoints + column) * filterStride)
          } _: { row, column, vector in
            let target = dw + ((row * Scheme.kernel + column) * count + input) * outputs + output
            store(vector + load(target, left: left), target, left: left)
          }
        }
      }
    }
  }
}
