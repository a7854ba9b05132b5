import Kernels

extension DirectConvolution {
  /// As many shards as one strip holds.
  static func shardsTogether(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    shards.together(Strips.positions / geometry.positions)
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, together shards: Shards, x: Source, dy: Source, weight dw: Target,
    bias db: Target?, scratch: Target
  ) {
    let taps = Taps(geometry)
    let geometry = taps.geometry
    let strips = Strips(geometry, batch: shards.samples)
    let outputs = geometry.output.channels
    let gradients = scratch + padded(strips.buffer)
    let places = gradients + strips.positions * padded(outputs)
    let sums = places + FilterPanel.places(shards.count)
    strips.forEach { strip in
      let positions = strips.count(strip)
      let (base, windows) = strips.input(x, strip, buffer: scratch)
      let dy = dy + strips.first(strip) * geometry.outputStride
      Panels.pack(
        dy, rows: positions, columns: outputs, stride: geometry.outputStride, into: gradients)
      let product = FilterPanel(
        taps: taps, base: base, windows: windows, strip: strip, shards: shards, places: places)
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
      guard let db else { return }
      VectorKernels.addTree(
        shards.count, weight: db, weights: outputs, bias: nil, biases: 0, scratch: sums
      ) { leaf, db, _ in
        let images = product.images(leaf)
        Columns.addSums(
          dy + images.lowerBound * geometry.positions * geometry.outputStride,
          rows: shards.count > 1 ? images.count * geometry.positions : positions, columns: outputs,
          stride: geometry.outputStride, into: db)
      }
    }
  }
}

/// The windows of one strip, transposed, times one panel of output gradients, added to the filters' gradients.
struct FilterPanel {
  let taps: Taps
  let base: Source
  let windows: Windows
  let strip: Strip
  /// One, or all those whose images the strip has.
  let shards: Shards
  /// Where the sums of shards wait for their neighbours.
  let places: Target

  private static let place = Rows.count * WideTile.columns
  /// Floats of the places.
  static func places(_ shards: Int) -> Int { shards > 1 ? ShardTree.places(shards) * place : 0 }

  /// A shard's images in the strip.
  func images(_ shard: Int) -> Range<Int> {
    shards.count > 1 ? shards[shard].samples : 0..<strip.images
  }

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
      func add(_ row: Int, _ first: Int, _ sums: Vector) {
        let element = element + row
        guard element < patch, first < left else { return }
        let target = dw + taps.row(element / line) + element % line * outputs + column + first
        store(sums + load(target, left: left - first), target, left: left - first)
      }
      if shards.count == 1 {
        sum(T.self, rows, packed, width: width, 0..<strip.images).forEach(add)
      } else {
        ShardTree.forEach(shards.count) { shard, place in
          let place = places + place * Self.place
          sum(T.self, rows, packed, width: width, images(shard)).forEach { row, first, sums in
            store(sums, place + row * T.columns + first)
          }
        } merge: { place in
          let place = places + place * Self.place
          VectorKernels.accumulate(place + Self.place, into: place, count: Rows.count * T.columns)
        }
        for row in 0..<Rows.count {
          for first in stride(from: 0, to: T.columns, by: lanes) {
            add(row, first, load(places + row * T.columns + first))
          }
        }
      }
      element += Rows.count
    }
  }

  /// The products of some of the strip's images.
  @inline(__always)
  private func sum<T: Tile>(
    _: T.Type, _ rows: Rows, _ packed: Source, width: Int, _ images: Range<Int>
  ) -> T {
    var tile = T()
    var packed = packed + images.lowerBound * strip.rows * windows.columns * width
    for image in images {
      for row in 0..<strip.rows {
        tile.addProducts(
          rows, at: image * windows.image + row * windows.stride * windows.row, step: windows.step, packed,
          width: width, count: windows.columns)
        packed += windows.columns * width
      }
    }
    return tile
  }
}
