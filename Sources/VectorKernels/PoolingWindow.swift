import CPrefetch
import Kernels

/// One pooling window, cut to the image.
struct PoolingWindow {
  /// The window's place in the batch's output, in elements.
  let output: Int
  /// The element under the window's first place, which may lie outside the image.
  let origin: Int
  let rows: Range<Int>
  let columns: Range<Int>
  private let line: Int
  private let channels: Int
  private let kernel: Int
  private let stride: Int
  /// Elements of the batch's input and output.
  private let inputs: Int
  private let outputs: Int

  /// Lanes to work on where `left` channels are left: of a few channels a whole vector, with what lies behind them, as long as
  /// that is still the batch. What is written behind them must be overwritten later, or be what is there.
  @inline(__always)
  func reach(_ left: Int) -> Int {
    guard channels < lanes, !isEmpty else { return left }
    let last = origin + (rows.upperBound - 1) * line + (columns.upperBound - 1) * channels
    return last + lanes <= inputs && output + lanes <= outputs ? lanes : left
  }

  /// Calls `body` with every place inside the image: its number in the window, and its element of the input.
  @inline(__always)
  func forEachPlace(_ body: (_ place: Int, _ element: Int) -> Void) {
    for row in rows {
      for column in columns { body(row * kernel + column, origin + row * line + column * channels) }
    }
  }

  /// Asks for what the window two further right reads and none before it in the row of windows. Windows of stride 1 read so little
  /// new in a time that the processor sees to it itself; measured.
  @inline(__always)
  func request(_ x: Source) {
    guard stride > 1 else { return }
    for row in max(0, kernel - stride)..<kernel {
      let new = x + origin + row * line + (kernel + stride) * channels
      for column in 0..<stride { prefetchForReading(new + column * channels) }
    }
  }

  /// Whether any place lies inside the image.
  var isEmpty: Bool { rows.isEmpty || columns.isEmpty }

  /// dx = what `part` gives each place of each window, added up where windows overlap.
  ///
  /// - Parameters:
  ///   - adding: adds to `dx` instead of overwriting it.
  ///   - gradients: called once for some channels of a window: where they begin in the batch's output, how many they are, and how
  ///     many are worked on, which ``reach(_:)`` says.
  @inline(__always)
  static func spread<Gradients>(
    _ geometry: WindowGeometry, batch: Int, into dx: Target, adding: Bool,
    _ gradients: (_ output: Int, _ left: Int, _ reach: Int) -> Gradients,
    part: (_ place: Int, Gradients) -> Vector
  ) {
    let channels = geometry.input.channels
    let overwrites = geometry.isTiled && !adding
    func begin(image: Int) {
      // One image is still in the second-level cache when its windows are added to it.
      if !adding, !overwrites { clear(dx + image, count: geometry.input.count) }
    }
    forEach(geometry, batch: batch, begin: begin) { window in
      forEachVector(channels) { channel, left in
        let reach = window.reach(left)
        let found = gradients(window.output + channel, left, reach)
        window.forEachPlace { place, element in
          let (target, share) = (dx + element + channel, part(place, found))
          store(overwrites ? share : load(target, left: reach) + share, target, left: reach)
        }
      }
    }
  }

  /// Calls `body` with the windows of a batch in the order of the output.
  ///
  /// - Parameter begin: called with where an image's elements of the input begin, before its windows.
  @inline(__always)
  static func forEach(
    _ geometry: WindowGeometry, batch: Int, begin: (Int) -> Void = { _ in }, _ body: (PoolingWindow) -> Void
  ) {
    let (input, kernel) = (geometry.input, geometry.kernel)
    let line = input.width * input.channels
    var output = 0
    for image in 0..<batch {
      begin(image * input.count)
      for row in 0..<geometry.output.height {
        let top = row * geometry.stride - geometry.padding
        let rows = places(from: top, size: input.height, kernel: kernel)
        for column in 0..<geometry.output.width {
          let left = column * geometry.stride - geometry.padding
          body(
            PoolingWindow(
              output: output, origin: image * input.count + top * line + left * input.channels,
              rows: rows, columns: places(from: left, size: input.width, kernel: kernel),
              line: line, channels: input.channels, kernel: kernel, stride: geometry.stride,
              inputs: batch * input.count, outputs: batch * geometry.output.count))
          output += input.channels
        }
      }
    }
  }

  /// The places of a window beginning at `start` that lie inside 0..<`size`.
  @inline(__always)
  private static func places(from start: Int, size: Int, kernel: Int) -> Range<Int> {
    let first = max(0, -start)
    return first..<max(first, min(kernel, size - start))
  }
}

extension WindowGeometry {
  /// Whether windows reach each element of the image once. Of few channels, whole vectors reach the neighbours too.
  fileprivate var isTiled: Bool {
    input.channels >= lanes && kernel == stride && padding == 0
      && output.height * stride == input.height && output.width * stride == input.width
  }
}
