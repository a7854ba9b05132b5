import Kernels
import Tensors

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
/// Each point of the tiles at hand makes one matrix, tiles by channels. Three groups of matrices follow each other in the scratch
/// buffer: of the convolution's inputs, for a strip of its outputs, and of its filters (inputs by outputs). Where there are many
/// tiles, all filters are transformed once, and read again for every few tiles, whose inputs are in the second-level cache. Where
/// there are few, all of them are at hand, and it is a strip of the filters, transformed just before, that is in the cache.
struct WinogradTiles<Scheme: FilteringScheme> {
  let batch: Int
  /// Tiles down and across one image.
  let down: Int
  let across: Int
  /// Tiles that may be transformed and multiplied together, and that are.
  let most: Int
  let together: Int
  /// Whether all filters are transformed at once.
  let isWhole: Bool
  let inputs: Int
  private let outputs: Int
  /// Output channels of a strip.
  private let strip: Int
  /// Input channels of a strip's filters that are in the cache.
  let slice: Int
  /// Floats of the sums of shards that wait for their neighbours.
  private let places: Int
  private let scratch: Target?

  /// Floats of filters' transforms a tile up to which all of them are transformed at once; measured.
  private static var whole: Int { 10_000 }
  /// Floats of tiles' transforms that the second-level cache holds beside a strip of the filters'; measured.
  private static var cached: Int { 180_000 }
  /// Floats of inputs' transforms that are worth reading again for every strip; measured.
  private static var distant: Int { 4_800_000 }
  /// Input channels of a slice: the transforms of a strip's filters then take half of the second-level cache at most, and the sums
  /// of products are not read too often; measured.
  private static var deepest: Int { 128 }
  /// Tiles below which reading the filters' transforms would set the time; measured.
  private static var fewest: Int { 24 }

  static var matrices: Int { Scheme.points * Scheme.points }
  static var filterMatrices: Int { Scheme.filterPoints * Scheme.filterPoints }

  /// - Parameters:
  ///   - source: the images that are read.
  ///   - target: the images that are written.
  ///   - cut: samples whose tiles say whether all filters are transformed at once; nil where it is the batch.
  ///   - scratch: where ``room(from:to:_:)`` floats are; nil to count them only.
  ///   - evenly: whether parts are as small as their number allows.
  ///   - shards: those whose gradients are added up; they say only how much scratch there is.
  init(
    from source: Shape, to target: Shape, batch: Int, cut: Int? = nil, scratch: Target?, evenly: Bool = true,
    shards: Int = 1
  ) {
    self.batch = batch
    down = (target.height + Scheme.outputs - 1) / Scheme.outputs
    across = (target.width + Scheme.outputs - 1) / Scheme.outputs
    inputs = padded(source.channels)
    outputs = padded(target.channels)
    self.scratch = scratch
    isWhole = (cut ?? batch) * down * across >= Self.fewestWhole(inputs, outputs)
    strip = min(outputs, BlockProducts.tileColumns)
    slice = isWhole ? inputs : min(inputs, Self.deepest)
    places = isWhole ? 0 : ShardTree.places(shards) * Self.place
    most = max(
      Self.fewest,
      isWhole
        ? Self.cached / (Self.matrices * (inputs + strip)) : Self.distant / (Self.matrices * inputs))
    let parts = max(1, (batch * down * across + most - 1) / most)
    let part = evenly ? (batch * down * across + parts - 1) / parts : min(most, batch * down * across)
    together = (part + BlockProducts.tileRows - 1) / BlockProducts.tileRows * BlockProducts.tileRows
  }

  /// Floats of scratch for a batch or a smaller one: which may be worked on in strips where the larger one is not, and whose tiles
  /// may be divided into fewer parts.
  static func room(from source: Shape, to target: Shape, _ shards: Shards) -> Int {
    let batch = shards.samples
    let tiles = WinogradTiles(
      from: source, to: target, batch: batch, scratch: nil, evenly: false, shards: shards.count)
    let fewer = (fewestWhole(tiles.inputs, tiles.outputs) - 1) / (tiles.down * tiles.across)
    guard fewer > 0 else { return tiles.count }
    let strips = WinogradTiles(
      from: source, to: target, batch: min(batch, shards.count * fewer), cut: min(shards.largest, fewer),
      scratch: nil, evenly: false, shards: shards.count)
    return max(tiles.count, strips.count)
  }

  /// Tiles from which all filters are transformed at once.
  private static func fewestWhole(_ inputs: Int, _ outputs: Int) -> Int {
    (filterMatrices * inputs * outputs + whole - 1) / whole
  }

  /// Tiles of the whole batch.
  var all: Int { batch * down * across }

  /// Floats between matrices that keep the same element of all of them out of one cache set.
  private static var gap: Int { 5 * lanes }
  var inputStride: Int { together * inputs + Self.gap }
  var outputStride: Int { together * strip + Self.gap }
  var filterStride: Int { slice * (isWhole ? outputs : strip) + Self.gap }

  // Scratch: inputs, outputs, filters, a square of vectors, two blocks of filters, a pixel of zeros; in strips, a column of the points
  // of the gradients of a block of filters, what columns become, and the gradients of shards.
  private var outputStart: Int { Self.matrices * inputStride }
  private var filterStart: Int { outputStart + Self.matrices * outputStride }
  private var squareStart: Int { filterStart + Self.filterMatrices * filterStride }
  private var blockStart: Int { squareStart + Self.matrices * lanes }
  private var zeroStart: Int { blockStart + Self.taps * 2 * lanes * lanes }
  private var columnStart: Int { zeroStart + max(inputs, outputs) }
  private var placeStart: Int {
    columnStart + (isWhole ? 0 : Scheme.filterPoints * (1 + Scheme.kernel) * Self.block)
  }
  /// Floats of scratch.
  var count: Int { placeStart + places }

  /// Elements of a filter.
  static var taps: Int { Scheme.kernel * Scheme.kernel }
  /// Floats of the filters that are worked on together in strips, at one point; and of a place for their gradients.
  private static var block: Int { FlatTile<WideLine>.rows * WideLine.vectors * lanes }
  static var place: Int { taps * block }

  /// A square of vectors between two halves of a transform.
  var square: Target { scratch(squareStart) }
  /// Two blocks of filters for every tap, on their way back.
  var turned: Target { scratch(blockStart) }
  /// A pixel of zeros, which lies around images.
  var zeros: Target { scratch(zeroStart) }
  /// A column of the points of the gradients of a block of filters, and what the columns become.
  var columns: Target { scratch(columnStart) }
  /// ``place`` floats for the gradients of each block of filters that wait for other shards', and room for biases'.
  var shardPlaces: Target { scratch(placeStart) }

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
  /// - Parameters:
  ///   - point: one of the filter's own.
  ///   - first: an output channel, with which a strip begins.
  func filter(_ point: Int, of first: Int = 0) -> BlockMatrix {
    BlockMatrix(
      base: scratch(filterStart + point * filterStride + (isWhole ? first * slice : 0)), rows: slice)
  }

  /// Calls `body` with the tiles that are worked on together.
  func forEach(_ body: (Range<Int>) -> Void) {
    clear(zeros, count: max(inputs, outputs))
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
}
