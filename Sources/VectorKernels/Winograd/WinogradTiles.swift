import Kernels

/// Images of which a transform reads or writes tiles: pixel after pixel, `stride` floats apart.
struct Pixels<Pointer> {
  let base: Pointer
  let height: Int
  let width: Int
  let channels: Int
  let stride: Int
}

/// How a batch of images is cut into tiles of a convolution's output, and its output channels into strips, and where their
/// transforms lie in scratch.
///
/// Point p of the tiles at hand makes one matrix, tiles by channels. Three groups of matrices follow each other in the scratch
/// buffer: of the convolution's inputs, and for a strip of its outputs and of its filters (inputs by outputs). Where all filters'
/// transforms fit the second-level cache there is one strip, and a few tiles at a time are worked on beside them. Larger ones
/// would be read again for every few tiles: there many tiles are at hand, and only a strip of the filters is in the cache.
struct WinogradTiles<Scheme: WinogradScheme> {
  let batch: Int
  /// Tiles down and across one image.
  let down: Int
  let across: Int
  /// Tiles that may be transformed and multiplied together, and that are.
  let most: Int
  let together: Int
  /// Whether there is one strip, of all output channels.
  let isWhole: Bool
  private let inputs: Int
  private let outputs: Int
  /// Output channels of a strip.
  private let strip: Int
  /// Input channels of a strip's filters that are in the cache.
  private let slice: Int
  /// Floats of the sums of shards that wait for their neighbours.
  private let places: Int
  private let scratch: Target?

  /// Floats of filters' transforms a tile up to which there is one strip; measured.
  private static var whole: Int { 10_000 }
  /// Floats of tiles' transforms that the second-level cache holds beside the filters'; measured.
  private static var cached: Int { 180_000 }
  /// Floats of inputs' transforms that are worth reading again for every strip; measured.
  private static var distant: Int { 4_800_000 }
  /// Input channels of a slice: the transforms of a strip's filters then take half of the second-level cache at most, and the sums
  /// of products are not read too often; measured.
  private static var deepest: Int { 128 }
  /// Tiles below which reading the filters' transforms would set the time; measured.
  private static var fewest: Int { 24 }

  static var matrices: Int { Scheme.points * Scheme.points }

  /// - Parameters:
  ///   - geometry: the convolution; of an input gradient, the one that leads back.
  ///   - cut: samples whose tiles say whether there is one strip; nil where it is the batch.
  ///   - scratch: where ``room(_:_:)`` floats are; nil to count them only.
  ///   - evenly: whether parts are as small as their number allows.
  ///   - shards: those whose gradients are added up; they say only how much scratch there is.
  init(
    _ geometry: WindowGeometry, batch: Int, cut: Int? = nil, scratch: Target?, evenly: Bool = true,
    shards: Int = 1
  ) {
    self.batch = batch
    down = (geometry.output.height + Scheme.outputs - 1) / Scheme.outputs
    across = (geometry.output.width + Scheme.outputs - 1) / Scheme.outputs
    inputs = padded(geometry.input.channels)
    outputs = padded(geometry.output.channels)
    self.scratch = scratch
    isWhole = (cut ?? batch) * down * across >= Self.fewestWhole(inputs, outputs)
    strip = isWhole ? outputs : min(outputs, BlockProducts.tileColumns)
    slice = isWhole ? inputs : min(inputs, Self.deepest)
    places = isWhole ? 0 : ShardTree.places(shards) * Self.place
    most = max(
      Self.fewest,
      isWhole
        ? Self.cached / (Self.matrices * (inputs + outputs)) : Self.distant / (Self.matrices * inputs))
    let parts = max(1, (batch * down * across + most - 1) / most)
    let part = evenly ? (batch * down * across + parts - 1) / parts : min(most, batch * down * across)
    together = (part + BlockProducts.tileRows - 1) / BlockProducts.tileRows * BlockProducts.tileRows
  }

  /// Floats of scratch for a batch or a smaller one: which may be worked on in strips where the larger one is not, and whose tiles
  /// may be divided into fewer parts.
  static func room(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    let batch = shards.samples
    let tiles = WinogradTiles(geometry, batch: batch, scratch: nil, evenly: false, shards: shards.count)
    let fewer = (fewestWhole(tiles.inputs, tiles.outputs) - 1) / (tiles.down * tiles.across)
    guard fewer > 0 else { return tiles.count }
    let strips = WinogradTiles(
      geometry, batch: min(batch, shards.count * fewer), cut: min(shards.largest, fewer), scratch: nil,
      evenly: false, shards: shards.count)
    return max(tiles.count, strips.count)
  }

  /// Tiles from which there is one strip.
  private static func fewestWhole(_ inputs: Int, _ outputs: Int) -> Int {
    (matrices * inputs * outputs + whole - 1) / whole
  }

  /// Tiles of the whole batch.
  var all: Int { batch * down * across }

  /// Floats between matrices that keep the same element of all of them out of one cache set.
  private static var gap: Int { 5 * lanes }
  private var inputStride: Int { together * inputs + Self.gap }
  private var outputStride: Int { together * strip + Self.gap }
  private var filterStride: Int { slice * strip + Self.gap }

  // Scratch: inputs, outputs, filters, a square of vectors, two blocks of filters, a pixel of zeros; in strips, the points of the
  // gradients of a block of filters, and the gradients of shards.
  private var outputStart: Int { Self.matrices * inputStride }
  private var filterStart: Int { outputStart + Self.matrices * outputStride }
  private var squareStart: Int { filterStart + Self.matrices * filterStride }
  private var blockStart: Int { squareStart + Self.matrices * lanes }
  private var zeroStart: Int { blockStart + Self.taps * 2 * lanes * lanes }
  private var sumStart: Int { zeroStart + max(inputs, outputs) }
  private var placeStart: Int { sumStart + (isWhole ? 0 : Self.matrices * Self.block) }
  /// Floats of scratch.
  var count: Int { placeStart + places }

  /// Elements of a filter.
  private static var taps: Int { Scheme.kernel * Scheme.kernel }
  /// Floats of as many filters as a register tile has sums for, at one point; and of a place for their gradients.
  private static var block: Int { FlatTile<WideLine>.rows * WideLine.vectors * lanes }
  private static var place: Int { taps * block }

  private func scratch(_ offset: Int) -> Target {
    guard let scratch else { preconditionFailure("tiles without scratch are only counted") }
    return scratch + offset
  }

  /// - Parameter first: an input channel, which is a multiple of 16.
  func input(_ point: Int, from first: Int = 0) -> BlockMatrix {
    BlockMatrix(base: scratch(point * inputStride + first * together), rows: together)
  }
  func output(_ point: Int) -> BlockMatrix {
    BlockMatrix(base: scratch(outputStart + point * outputStride), rows: together)
  }
  func filter(_ point: Int) -> BlockMatrix {
    BlockMatrix(base: scratch(filterStart + point * filterStride), rows: slice)
  }

  /// Calls `body` with the tiles that are worked on together.
  func forEach(_ body: (Range<Int>) -> Void) {
    clear(scratch(zeroStart), count: max(inputs, outputs))
    var first = 0
    while first < all {
      body(first..<min(all, first + together))
      first += together
    }
  }

  /// Calls `body` with the output channels that are worked on together, of `count`.
  func forEachStrip(_ count: Int, _ body: (Range<Int>) -> Void) {
    var first = 0
    while first < count {
      body(first..<min(count, first + strip))
      first += strip
    }
  }

  /// Calls `body` with the input channels of filters that are worked on together, of `count`.
  func forEachSlice(_ count: Int, _ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: count, by: slice) { body(first..<min(count, first + slice)) }
  }

  // MARK: Tiles

  /// matrices[p] = the points of the convolution's inputs under the tiles.
  func readInputs(_ pixels: Pixels<Source>, padding: Int, _ tiles: Range<Int>) {
    read(
      Scheme.Data.self, pixels, 0..<pixels.channels, padding: padding, tiles, into: input(0).base,
      inputStride,
      sums: nil)
  }

  /// matrices[p] = the points of the gradients of the tiles' outputs, each of which lies in one tile.
  /// - Parameter sums: where the gradients of each channel are added up.
  func readOutputGradients(
    _ pixels: Pixels<Source>, _ channels: Range<Int>, _ tiles: Range<Int>, sums: Target?
  ) {
    read(
      Scheme.ResultGradient.self, pixels, channels, padding: 0, tiles, into: output(0).base, outputStride,
      sums: sums)
  }

  @inline(__always)
  private func read<T: PointTransform>(
    _: T.Type, _ pixels: Pixels<Source>, _ channels: Range<Int>, padding: Int, _ tiles: Range<Int>,
    into matrices: Target, _ distance: Int, sums: Target?
  ) {
    let size = T.sources
    let (zeros, between) = (Source(scratch(zeroStart)), scratch(squareStart))
    withUnsafeTemporaryAllocation(of: Source.self, capacity: size * size) { places in
      guard let place = places.baseAddress else { return }
      var cursor = Cursor(self, at: tiles.lowerBound)
      for tile in 0..<tiles.count {
        let (top, left) = (cursor.row * Scheme.outputs - padding, cursor.column * Scheme.outputs - padding)
        let image = pixels.base + cursor.image * pixels.height * pixels.width * pixels.stride
        for row in 0..<size {
          for column in 0..<size {
            let (y, x) = (top + row, left + column)
            let isInside = y >= 0 && y < pixels.height && x >= 0 && x < pixels.width
            place[row * size + column] = isInside ? image + (y * pixels.width + x) * pixels.stride : zeros
          }
        }
        var channel = channels.lowerBound
        while channel < channels.upperBound {
          let remaining = channels.upperBound - channel
          let target = matrices + (channel - channels.lowerBound) * together + tile * lanes
          var sum = Vector()
          T.applyToSquare(between) { row, column in
            let vector = load(place[row * size + column] + channel, left: remaining)
            if sums != nil { sum += vector }
            return vector
          } _: { row, column, vector in
            store(vector, target + (row * Scheme.points + column) * distance)
          }
          if let sums {
            let sums = sums + channel
            store(sum + load(sums, left: remaining), sums, left: remaining)
          }
          channel += lanes
        }
        cursor.advance()
      }
    }
  }

  /// Writes the tiles' outputs: activation(result + bias), or what is there + result.
  @inline(__always)
  func writeOutputs(
    _ pixels: Pixels<Target>, _ channels: Range<Int>, _ tiles: Range<Int>,
    _ epilogue: (_ sum: Vector, _ target: Target, _ channel: Int, _ left: Int) -> Void
  ) {
    let between = scratch(squareStart)
    let matrices = Source(output(0).base)
    var cursor = Cursor(self, at: tiles.lowerBound)
    for tile in 0..<tiles.count {
      let (top, left) = (cursor.row * Scheme.outputs, cursor.column * Scheme.outputs)
      let (rows, columns) = (pixels.height - top, pixels.width - left)
      let corner =
        pixels.base + ((cursor.image * pixels.height + top) * pixels.width + left) * pixels.stride
      var channel = channels.lowerBound
      while channel < channels.upperBound {
        let source = matrices + (channel - channels.lowerBound) * together + tile * lanes
        Scheme.Result.applyToSquare(between) { row, column in
          load(source + (row * Scheme.points + column) * outputStride)
        } _: { row, column, vector in
          guard row < rows, column < columns else { return }
          let target = corner + (row * pixels.width + column) * pixels.stride + channel
          epilogue(vector, target, channel, channels.upperBound - channel)
        }
        channel += lanes
      }
      cursor.advance()
    }
  }

  /// Walks over the tiles, image by image and row by row.
  private struct Cursor {
    private let down: Int
    private let across: Int
    private(set) var image: Int
    private(set) var row: Int
    private(set) var column: Int

    init(_ tiles: WinogradTiles, at tile: Int) {
      (down, across) = (tiles.down, tiles.across)
      image = tile / (down * across)
      row = tile / across % down
      column = tile % across
    }

    @inline(__always)
    mutating func advance() {
      column += 1
      guard column == across else { return }
      column = 0
      row += 1
      guard row == down else { return }
      row = 0
      image += 1
    }
  }

  // MARK: Filters
  //
  // A filter's channels lie far from those of the next: two vectors of each are read at a time, which is what memory gives at once.

  /// matrices[p] = the points of the filters of some input and output channels; `weight` is (kernel, kernel, inputs, outputs).
  func readFilters(
    _ weight: Source, inputs count: Int, outputs: Int, _ slice: Range<Int>, _ channels: Range<Int>
  ) {
    let (between, matrices) = (scratch(squareStart), filter(0).base)
    for first in stride(from: channels.lowerBound, to: channels.upperBound, by: 2 * lanes) {
      let last = min(first + 2 * lanes, channels.upperBound)
      for input in slice {
        for output in stride(from: first, to: last, by: lanes) {
          let target =
            matrices + (output - channels.lowerBound) * self.slice + (input - slice.lowerBound) * lanes
          Scheme.Filter.applyToSquare(between) { row, column in
            load(
              weight + ((row * Scheme.kernel + column) * count + input) * outputs + output,
              left: last - output)
          } _: { row, column, vector in
            store(vector, target + (row * Scheme.points + column) * filterStride)
          }
        }
      }
      for output in stride(from: first, to: last, by: lanes) {
        clearRows(behind: slice.count, of: matrices + (output - channels.lowerBound) * self.slice)
      }
    }
  }

  /// matrices[p] = the points of the filters of some input and output channels that lead back: turned half around, from `outputs` to `inputs`.
  /// `weight` is (kernel, kernel, `outputs`, `inputs`).
  func readFiltersBack(
    _ weight: Source, inputs count: Int, outputs: Int, _ slice: Range<Int>, _ channels: Range<Int>
  ) {
    let (between, matrices, turned) = (scratch(squareStart), filter(0).base, scratch(blockStart))
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
            store(vector, target + column * lanes + (row * Scheme.points + point) * filterStride)
          }
        }
      }
      clearRows(behind: slice.count, of: block)
      output += lanes
    }
  }

  /// The inner dimension of a product ends at a whole block.
  private func clearRows(behind count: Int, of block: Target) {
    for point in 0..<Self.matrices {
      clear(block + point * filterStride + count * lanes, count: (padded(count) - count) * lanes)
    }
  }

  /// dw += the filters' gradients, from those of their points.
  func addFilterGradients(into dw: Target, inputs count: Int, outputs: Int) {
    let (between, matrices) = (scratch(squareStart), Source(filter(0).base))
    for first in stride(from: 0, to: outputs, by: 2 * lanes) {
      let last = min(first + 2 * lanes, outputs)
      for input in 0..<count {
        for output in stride(from: first, to: last, by: lanes) {
          let (source, left) = (matrices + output * inputs + input * lanes, last - output)
          Scheme.FilterGradient.applyToSquare(between) { row, column in
            load(source + (row * Scheme.points + column) * filterStride)
          } _: { row, column, vector in
            let target = dw + ((row * Scheme.kernel + column) * count + input) * outputs + output
            store(vector + load(target, left: left), target, left: left)
          }
        }
      }
    }
  }

  // MARK: Shards

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
      scratch: scratch(placeStart)
    ) { shard, sums, _ in
      let tiles = tiles(of: shards[shard], in: range)
      read(
        Scheme.ResultGradient.self, pixels, channels, padding: 0,
        range.lowerBound + tiles.lowerBound..<range.lowerBound + tiles.upperBound,
        into: output(0).base + tiles.lowerBound * lanes, outputStride, sums: sums - channels.lowerBound)
    }
  }

  /// dw += the tree of shards' gradients of filters, from the points of inputs and of some outputs' gradients.
  ///
  /// Each block of filters goes its whole way in the first-level cache: the products of all points, their transform, and the sum
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
    let (rows, second) = (T.rows, T.rows * lanes)
    let block = L.vectors * second
    let (between, sums, places) = (scratch(squareStart), scratch(sumStart), scratch(placeStart))
    for row in stride(from: 0, to: count, by: rows) {
      ShardTree.forEach(shards.count) { shard, place in
        let tiles = tiles(of: shards[shard], in: range)
        for point in 0..<Self.matrices {
          var tile = T()
          BlockProducts.addTransposed(
            input(point), output(point), tiles, row: row, column: column, to: &tile)
          tile.write(sums + point * block, stride: lanes, second: second)
        }
        let place = places + place * Self.place
        for vector in stride(from: 0, to: block, by: lanes) {
          Scheme.FilterGradient.applyToSquare(between) { row, column in
            load(sums + (row * Scheme.points + column) * block + vector)
          } _: { row, column, result in
            store(result, place + (row * Scheme.kernel + column) * block + vector)
          }
        }
      } merge: { place in
        let place = places + place * Self.place
        for vector in stride(from: 0, to: Self.taps * block, by: lanes) {
          store(load(place + vector) + load(place + Self.place + vector), place + vector)
        }
      }
      for tap in 0..<Self.taps {
        for input in 0..<min(rows, count - row) {
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
