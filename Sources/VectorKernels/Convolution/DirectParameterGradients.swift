import Kernels

extension DirectConvolution {
  static func parameterGradients(
    _ geometry: WindowGeometry, batch: Int, x: Source, dy: Source, weight dw: Target,
    bias db: Target?, scratch: Target
  ) {
    let taps = Taps(geometry)
    let geometry = taps.geometry
    let strips = Strips(geometry, batch: batch)
    let outputs = geometry.output.channels
    let gradients = scratch + padded(strips.buffer)
    strips.forEach { strip in
      let positions = strips.count(strip)
      let (base, windows) = strips.input(x, strip, buffer: scratch)
      let dy = dy + strips.first(strip) * geometry.outputStride
      Panels.pack(
        dy, rows: positions, columns: outputs, stride: geometry.outputStride, into: gradients)
      let product = FilterPanel(taps: taps, base: base, windows: windows, strip: strip)
      Panels.forEach(columns: outputs) { column, width in
        let panel = gradients + column * positions
        if width == WideTile.columns, WideTile.isOnePass {
          product.run(WideTile.self, panel, width: width, column: column, into: dw)
        } else {
          for half in stride(from: 0, to: width, by: NarrowTile.columns) {
            product.run(NarrowTile.self, panel + half, width: width, column: column + half, into: dw)
          }
        }
      }
      if let db {
        Columns.addSums(dy, rows: positions, columns: outputs, stride: geometry.outputStride, into: db)
      }
    }
  }
}

/// The windows of one strip, transposed, times one panel of output gradients, added to the filters' gradients.
private struct FilterPanel {
  let taps: Taps
  let base: Source
  let windows: Windows
  let strip: Strip

  @inline(__always)
  func run<T: Tile>(_: T.Type, _ packed: Source, width: Int, column: Int, into dw: Target) {
    let outputs = taps.geometry.output.channels
    let left = outputs - column
    let (line, patch) = (taps.line, taps.geometry.patch)
    var element = 0
    while element < patch {
      let rows = Rows {
        let element = min(element + $0, patch - 1)
        let row = element / line
        return base + row * windows.row + element - row * line
      }
      var tile = T()
      var packed = packed
      for image in 0..<strip.images {
        for row in 0..<strip.rows {
          tile.addProducts(
            rows, at: image * windows.image + row * windows.stride * windows.row, step: windows.step, packed,
            width: width, count: windows.columns)
          packed += windows.columns * width
        }
      }
      tile.forEach { row, first, sums in
        let element = element + row
        guard element < patch, first < left else { return }
        let target = dw + taps.row(element / line) + element % line * outputs + column + first
        store(sums + load(target, left: left - first), target, left: left - first)
      }
      element += Rows.count
    }
  }
}
