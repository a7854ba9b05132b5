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

  /// Whether any place lies inside the image.
  var isEmpty: Bool { rows.isEmpty || columns.isEmpty }

  /// Calls `body` with the windows of a batch in the order of the output.
  @inline(__always)
  static func forEach(_ geometry: WindowGeometry, batch: Int, _ body: (PoolingWindow) -> Void) {
    let (input, kernel) = (geometry.input, geometry.kernel)
    let line = input.width * input.channels
    var output = 0
    for image in 0..<batch {
      for row in 0..<geometry.output.height {
        let top = row * geometry.stride - geometry.padding
        let rows = places(from: top, size: input.height, kernel: kernel)
        for column in 0..<geometry.output.width {
          let left = column * geometry.stride - geometry.padding
          body(
            PoolingWindow(
              output: output, origin: image * input.count + top * line + left * input.channels,
              rows: rows, columns: places(from: left, size: input.width, kernel: kernel),
              line: line, channels: input.channels, kernel: kernel, inputs: batch * input.count,
              outputs: batch * geometry.output.count))
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
