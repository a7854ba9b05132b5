import Kernels

extension DirectConvolution {
  static func inputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Source, weight: Source, into dx: Target, adding: Bool,
    gate: Source?, scratch: Target
  ) {
    let taps = Taps(geometry)
    let geometry = taps.geometry
    let strips = Strips(geometry, batch: batch)
    let outputs = geometry.output.channels
    let line = taps.line
    let filters = scratch + padded(strips.buffer)
    for row in 0..<geometry.kernel {
      Panels.packTransposed(
        weight + taps.row(row), rows: line, columns: outputs,
        into: filters + row * padded(line) * outputs)
    }
    strips.forEach { strip in
      let windows = Windows(buffered: strips, strip)
      strips.begin(strip, scratch)
      let product = ScatterPanel(
        dy: dy + strips.first(strip) * geometry.outputStride, stride: geometry.outputStride, outputs: outputs,
        windows: windows, positions: strips.count(strip))
      for row in 0..<geometry.kernel {
        let packed = filters + row * padded(line) * outputs
        let buffer = scratch + row * windows.row
        // Wide panels also where they take two passes: the order of the sums depends on the panels.
        Panels.forEach(columns: line) { column, width in
          let panel = packed + column * outputs
          if width == WideTile.columns {
            product.run(WideTile.self, panel, into: buffer + column, left: line - column)
          } else {
            product.run(NarrowTile.self, panel, into: buffer + column, left: line - column)
          }
        }
      }
      strips.finish(strip, scratch, into: dx, adding: adding, gate: gate)
    }
  }
}

/// The output gradients of one strip times one panel of a filter row, added to the buffer under the windows.
private struct ScatterPanel {
  let dy: Source
  let stride: Int
  let outputs: Int
  let windows: Windows
  let positions: Int

  @inline(__always)
  func run<T: Tile>(_: T.Type, _ packed: Source, into buffer: Target, left: Int) {
    var cursor = Windows.Cursor(windows, count: positions)
    var position = 0
    while position < positions {
      let rows = Rows { dy + min(position + $0, positions - 1) * stride }
      var tile = T()
      tile.addProducts(rows, at: 0, step: 1, packed, width: T.columns, count: outputs)
      var target = buffer
      tile.forEach { row, first, sums in
        if first == 0 { target = buffer + cursor.next() }
        guard position + row < positions, first < left else { return }
        let target = target + first
        let remaining = left - first
        store(sums + load(target, left: remaining), target, left: remaining)
      }
      position += Rows.count
    }
  }
}

extension Strips {
  /// Input rows that a strip shares with the one below.
  private var sharedRows: Int { max(0, geometry.kernel - geometry.stride) }

  /// Zeroes the padded rows under a strip, but for those that the strip above has begun.
  fileprivate func begin(_ strip: Strip, _ buffer: Target) {
    let begun = strip.row == 0 ? 0 : sharedRows * paddedRow
    clear(buffer + begun, count: strip.images * bufferedRows(strip.rows) * paddedRow - begun)
  }

  /// Writes, or adds, the rows of `dx` that no later strip adds to, and moves the others to the front of the buffer.
  fileprivate func finish(_ strip: Strip, _ buffer: Target, into dx: Target, adding: Bool, gate: Source?) {
    let input = geometry.input
    let line = input.width * input.channels
    let held = bufferedRows(strip.rows)
    let isLast = strip.row + strip.rows == geometry.output.height
    let top = strip.row * geometry.stride
    let bottom = isLast ? input.height + geometry.padding : top + strip.rows * geometry.stride
    for image in 0..<strip.images {
      let first = (strip.image + image) * input.count
      let dx = dx + first
      let buffer = buffer + image * held * paddedRow
      for row in max(
        top, geometry.padding)..<max(top, geometry.padding, min(bottom, input.height + geometry.padding))
      {
        let target = dx + (row - geometry.padding) * line
        let source = buffer + (row - top) * paddedRow + geometry.padding * input.channels
        let gate = gate.map { $0 + first + (row - geometry.padding) * line }
        // No window reaches the others: the stride leaps over them, or the last window ends before them.
        let isReached = row - top < held
        if adding {
          if isReached { VectorKernels.accumulate(source, into: target, count: line) }
          if let gate { VectorKernels.reluGradient(target, y: gate, into: target, count: line) }
        } else if !isReached {
          clear(target, count: line)
        } else if let gate {
          VectorKernels.reluGradient(source, y: gate, into: target, count: line)
        } else {
          copy(source, to: target, count: line)
        }
      }
    }
    if !isLast {
      copy(buffer + strip.rows * geometry.stride * paddedRow, to: buffer, count: sharedRows * paddedRow)
    }
  }
}
