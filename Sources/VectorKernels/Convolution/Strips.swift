import Kernels

/// Output rows that are computed together: rows of one image, or several whole images while these are small.
struct Strip {
  var image: Int
  var images: Int
  var row: Int
  var rows: Int
}

/// How a convolution is cut, so that what a strip reads and writes stays in the second-level cache.
///
/// The cut depends on the geometry alone, so a sum over strips does not depend on where a batch ends.
struct Strips {
  /// Output positions that a strip aims at: a packed panel of 32 gradients for each fits the first-level cache.
  static let positions = 256

  let geometry: WindowGeometry
  let batch: Int
  let images: Int
  let rows: Int

  init(_ geometry: WindowGeometry, batch: Int) {
    self.geometry = geometry
    self.batch = batch
    let height = geometry.output.height
    images = max(1, min(batch, Self.positions / geometry.positions))
    let most = max(1, Self.positions / geometry.output.width)
    let parts = (height + most - 1) / most
    rows = (height + parts - 1) / parts
  }

  /// Positions in the largest strip.
  var positions: Int { images * rows * geometry.output.width }
  /// Source of one image's row with its padding.
  var paddedRow: Int { (geometry.input.width + 2 * geometry.padding) * geometry.input.channels }
  /// Source that hold the padded input rows under the largest strip.
  var buffer: Int { images * bufferedRows(rows) * paddedRow }

  /// Input rows under `rows` output rows.
  func bufferedRows(_ rows: Int) -> Int { (rows - 1) * geometry.stride + geometry.kernel }

  @inline(__always)
  func forEach(_ body: (Strip) -> Void) {
    var image = 0
    while image < batch {
      let count = min(images, batch - image)
      var row = 0
      while row < geometry.output.height {
        body(Strip(image: image, images: count, row: row, rows: min(rows, geometry.output.height - row)))
        row += rows
      }
      image += count
    }
  }

  /// Output positions before a strip.
  @inline(__always)
  func first(_ strip: Strip) -> Int {
    (strip.image * geometry.output.height + strip.row) * geometry.output.width
  }

  /// Output positions of a strip.
  @inline(__always)
  func count(_ strip: Strip) -> Int { strip.images * strip.rows * geometry.output.width }
}

/// Where the windows of a strip lie in memory, as offsets from the first.
struct Windows {
  /// Source from one image to the next, from one input row to the next, and from one window to the next in its row.
  let image: Int
  let row: Int
  let step: Int
  let stride: Int
  let columns: Int
  let rows: Int

  /// Windows in the padded rows of a strip's buffer.
  init(buffered strips: Strips, _ strip: Strip) {
    self.init(strips, strip, row: strips.paddedRow, image: strips.bufferedRows(strip.rows) * strips.paddedRow)
  }

  /// Windows in images without padding, where they are.
  init(inPlace strips: Strips, _ strip: Strip) {
    let input = strips.geometry.input
    self.init(strips, strip, row: input.width * input.channels, image: input.count)
  }

  private init(_ strips: Strips, _ strip: Strip, row: Int, image: Int) {
    self.row = row
    self.image = image
    stride = strips.geometry.stride
    step = stride * strips.geometry.input.channels
    columns = strips.geometry.output.width
    rows = strip.rows
  }

  /// Walks over the windows in the order of the output.
  struct Cursor {
    private let windows: Windows
    private var offset = 0
    private var column = 0
    private var row = 0
    private var image = 0
    private var left: Int

    @inline(__always)
    init(_ windows: Windows, count: Int) {
      self.windows = windows
      left = count
    }

    /// The offset of the next window; behind the end, that of the last.
    @inline(__always)
    mutating func next() -> Int {
      let current = offset
      guard left > 1 else { return current }
      left -= 1
      column += 1
      offset += windows.step
      if column == windows.columns {
        column = 0
        row += 1
        if row == windows.rows {
          row = 0
          image += 1
        }
        offset = image * windows.image + row * windows.stride * windows.row
      }
      return current
    }
  }
}

extension Strips {
  /// The input under a strip: in place where there is no padding, else copied between zeros.
  @inline(__always)
  func input(_ x: Source, _ strip: Strip, buffer: Target) -> (base: Source, windows: Windows) {
    let input = geometry.input
    let line = input.width * input.channels
    let firstRow = strip.row * geometry.stride
    guard geometry.padding > 0 else {
      return (x + strip.image * input.count + firstRow * line, Windows(inPlace: self, strip))
    }
    let margin = geometry.padding * input.channels
    var target = buffer
    for image in strip.image..<strip.image + strip.images {
      for row in firstRow..<firstRow + bufferedRows(strip.rows) {
        let source = row - geometry.padding
        if source >= 0, source < input.height {
          clear(target, count: margin)
          copy(x + image * input.count + source * line, to: target + margin, count: line)
          clear(target + margin + line, count: margin)
        } else {
          clear(target, count: paddedRow)
        }
        target += paddedRow
      }
    }
    return (Source(buffer), Windows(buffered: self, strip))
  }
}

/// Copies `count` floats.
@inline(__always)
func copy(_ source: Source, to target: Target, count: Int) {
  var i = 0
  while i + lanes <= count {
    store(load(source + i), target + i)
    i += lanes
  }
  while i < count {
    target[i] = source[i]
    i += 1
  }
}

/// Zeroes `count` floats.
@inline(__always)
func clear(_ target: Target, count: Int) {
  var i = 0
  while i + lanes <= count {
    store(Vector(), target + i)
    i += lanes
  }
  while i < count {
    target[i] = 0
    i += 1
  }
}
