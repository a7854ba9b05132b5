import Kernels

/// Convolutions of any kernel, stride and padding, without a copy of the windows: a tile's rows point into the image.
enum DirectConvolution: ConvolutionAlgorithm {
  static var name: String { "direct" }

  static func scratch(_ geometry: WindowGeometry, together shards: Shards) -> Int {
    let together = shardsTogether(geometry, shards)
    let geometry = Taps(geometry).geometry
    let strips = Strips(geometry, batch: shards.samples)
    let run = geometry.kernel * geometry.input.channels
    let outputs = geometry.output.channels
    let forward = geometry.patch * padded(outputs)
    let inputGradient = geometry.kernel * padded(run) * outputs
    let parameterGradients =
      strips.positions * padded(outputs) + FilterPanel.places(together)
      + VectorKernels.treeScratch(together, weights: outputs, biases: 0)
    return padded(strips.buffer) + max(forward, inputGradient, parameterGradients)
  }

  static func forward(
    _ geometry: WindowGeometry, batch: Int, x: Source, weight: Source, bias: Source?, activation: Activation,
    into y: Target, scratch: Target
  ) {
    let taps = Taps(geometry)
    let geometry = taps.geometry
    let strips = Strips(geometry, batch: batch)
    let outputs = geometry.output.channels
    let packed = scratch + padded(strips.buffer)
    for row in 0..<geometry.kernel {
      Panels.pack(
        weight + taps.row(row), rows: taps.line, columns: outputs, stride: outputs, into: packed,
        at: row * taps.line, of: geometry.patch)
    }
    strips.forEach { strip in
      let (base, windows) = strips.input(x, strip, buffer: scratch)
      let y = y + strips.first(strip) * geometry.outputStride
      let product = ForwardPanel(
        geometry: geometry, base: base, windows: windows, positions: strips.count(strip),
        room: (batch * geometry.positions - strips.first(strip)) * outputs, activation: activation)
      Panels.forEach(columns: outputs) { column, width in
        let panel = packed + column * geometry.patch
        if width == WideTile.columns, WideTile.isOnePass {
          product.run(WideTile.self, panel, width: width, bias: bias, column: column, into: y)
        } else {
          for half in stride(from: 0, to: width, by: NarrowTile.columns) {
            product.run(
              NarrowTile.self, panel + half, width: width, bias: bias, column: column + half, into: y)
          }
        }
      }
    }
  }
}

/// The windows of one strip times one panel of filters.
private struct ForwardPanel {
  let geometry: WindowGeometry
  let base: Source
  let windows: Windows
  let positions: Int
  /// Floats of output from the strip's first on, where pixels have nothing between them.
  let room: Int
  let activation: Activation

  @inline(__always)
  func run<T: Tile>(
    _: T.Type, _ packed: Source, width: Int, bias: Source?, column: Int, into y: Target
  ) {
    let outputs = geometry.output.channels
    let left = outputs - column
    let line = geometry.kernel * geometry.input.channels
    let floor = Vector(repeating: activation == .relu ? 0 : -.infinity)
    // Of a few outputs whole vectors are stored: what runs over into the next pixels is overwritten when their turn comes.
    let runsOver = outputs < lanes && geometry.outputStride == outputs
    let start = bias.map { load($0 + column, left: left) } ?? Vector()
    let next =
      left > lanes ? bias.map { load($0 + column + lanes, left: left - lanes) } ?? Vector() : Vector()
    var cursor = Windows.Cursor(windows, count: positions)
    var position = 0
    while position < positions {
      let rows = Rows { _ in base + cursor.next() }
      var tile = T()
      for row in 0..<geometry.kernel {
        tile.addProducts(
          rows, at: row * windows.row, step: 1, packed + row * line * width, width: width, count: line)
      }
      let y = y + position * geometry.outputStride + column
      tile.forEach { row, first, sums in
        guard position + row < positions, first < left else { return }
        var sums = sums + (first == 0 ? start : next)
        sums.replace(with: floor, where: sums .< floor)
        let isFar = runsOver && (position + row) * outputs + lanes <= room
        store(sums, y + row * geometry.outputStride + first, left: isFar ? lanes : left - first)
      }
      position += Rows.count
    }
  }
}
