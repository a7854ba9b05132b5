import CPrefetch
import Kernels

extension Pointwise {
  /// Pixels that are at hand at once. Their inputs, which every strip of outputs reads again, stay in the second-level cache beside the
  /// next ones; twice as many are as fast. It depends on the inputs' channels alone, so that a shard's sums do not depend on what is
  /// beside it.
  private static func most(_ geometry: WindowGeometry) -> Int {
    max(64, (1 << 15) / geometry.input.channels)
  }

  /// Floats of scratch.
  static func parameterScratch(_ geometry: WindowGeometry, together shards: Shards) -> Int {
    let pixels = min(most(geometry), shards.samples * geometry.positions)
    return PixelProducts.scratch(pixels: pixels, shards: shards.count)
      + VectorKernels.treeScratch(shards.count, weights: geometry.output.channels, biases: 0)
  }

  /// As many shards as are at hand at once.
  static func shardsTogether(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    shards.together(most(geometry) / geometry.positions)
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, together shards: Shards, x: Source, dy: Source, weight dw: Target,
    bias db: Target?, scratch: Target
  ) {
    let (inputs, outputs, stride) = (geometry.input.channels, geometry.output.channels, geometry.outputStride)
    let (all, most) = (shards.samples * geometry.positions, most(geometry))
    let sums = VectorKernels.treeScratch(shards.count, weights: outputs, biases: 0)
    for first in Swift.stride(from: 0, to: all, by: most) {
      let products = PixelProducts(
        x: x + first * inputs, inputs: inputs, dy: dy + first * stride, outputs: outputs, stride: stride,
        count: min(most, all - first), shards: shards, positions: geometry.positions, scratch: scratch + sums)
      if let db {
        VectorKernels.addTree(
          shards.count, weight: db, weights: outputs, bias: nil, biases: 0, scratch: scratch
        ) { shard, db, _ in
          let pixels = products.pixels(shard)
          Columns.addSums(
            products.dy + pixels.lowerBound * stride, rows: pixels.count, columns: outputs, stride: stride,
            into: db)
        }
      }
      products.add(to: dw)
    }
  }
}

/// The products of some pixels: dw += x transposed times dy, x (pixels, inputs) and dy (pixels, outputs).
///
/// Inputs stay where they are, but for the last ones where they are no whole tile. Gradients of up to 32 outputs are copied side by
/// side. While the first of them are multiplied, the next pixels are asked for: their inputs, and gradients of as many outputs.
private struct PixelProducts {
  let x: Source
  let inputs: Int
  let dy: Source
  let outputs: Int
  /// Floats from one pixel's gradients to the next.
  let stride: Int
  let count: Int
  /// One, of which these pixels may be a part, or all those whose pixels these are.
  let shards: Shards
  /// Pixels of a sample.
  let positions: Int
  let scratch: Target

  private static let width = BlockProducts.tileColumns
  private static let rows = FlatTile<WideLine>.rows
  private static let place = rows * width

  // Scratch: gradients of some outputs, the last inputs, sums of shards.
  private static func lastStart(_ pixels: Int) -> Int { pixels * width }
  private static func placeStart(_ pixels: Int) -> Int { lastStart(pixels) + padded(pixels * rows) }

  static func scratch(pixels: Int, shards: Int) -> Int {
    placeStart(pixels) + ShardTree.places(shards) * place
  }

  /// A shard's pixels of those at hand.
  func pixels(_ shard: Int) -> Range<Int> {
    guard shards.count > 1 else { return 0..<count }
    let samples = shards[shard].samples
    return samples.lowerBound * positions..<samples.upperBound * positions
  }

  func add(to dw: Target) {
    copyLastInputs()
    var output = 0
    while output < outputs {
      if outputs - output > lanes, WideLine.vectors == 2 {
        addStrip(WideLine.self, from: output, to: dw)
        output += WideLine.vectors * lanes
      } else {
        addStrip(NarrowLine.self, from: output, to: dw)
        output += lanes
      }
    }
  }

  /// Copies the inputs behind the last whole tile in front of zeros.
  private func copyLastInputs() {
    let last = inputs % Self.rows
    guard last > 0 else { return }
    for pixel in 0..<count {
      let (source, target) = (
        x + pixel * inputs + inputs - last, scratch + Self.lastStart(count) + pixel * Self.rows
      )
      for input in 0..<Self.rows { target[input] = input < last ? source[input] : 0 }
    }
  }

  @inline(__always)
  private func addStrip<L: Line>(_: L.Type, from output: Int, to dw: Target) {
    let (width, left) = (L.vectors * lanes, outputs - output)
    Panels.pack(dy + output, rows: count, columns: min(width, left), stride: stride, into: scratch)
    let places = scratch + Self.placeStart(count)
    for input in Swift.stride(from: 0, to: inputs, by: Self.rows) {
      let rows = min(Self.rows, inputs - input)
      let target = dw + input * outputs + output
      for row in 0..<rows {
        for vector in 0..<L.vectors { prefetchForWriting(target + row * outputs + vector * lanes) }
      }
      let upcoming = output == 0 ? upcoming(beside: input) : nil
      let (source, distance) =
        rows == Self.rows ? (x + input, inputs) : (Source(scratch + Self.lastStart(count)), Self.rows)
      ShardTree.forEach(shards.count) { shard, place in
        let pixels = pixels(shard)
        var tile = FlatTile<L>()
        var left = source + pixels.lowerBound * distance
        var right = Source(scratch + pixels.lowerBound * width)
        var line = upcoming.map { $0.line + pixels.lowerBound * $0.stride }
        for _ in pixels {
          if let next = line, let upcoming {
            prefetchForReading(next)
            line = next + upcoming.stride
          }
          tile.add(left, stride: 1, L(right, second: lanes))
          left += distance
          right += width
        }
        tile.write(places + place * Self.place, stride: width, second: lanes)
      } merge: { place in
        let place = places + place * Self.place
        VectorKernels.accumulate(place + Self.place, into: place, count: Self.rows * width)
      }
      for row in 0..<rows {
        for vector in Swift.stride(from: 0, to: width, by: lanes) {
          let (sum, target) = (load(places + row * width + vector), target + row * outputs + vector)
          store(sum + load(target, left: left - vector), target, left: left - vector)
        }
      }
    }
  }

  /// A line of the first pixel behind these, and floats to that of the next, for a tile to ask for: the first tile of 16 inputs asks for
  /// those of the next pixels, the second for the gradients of as many outputs.
  @inline(__always)
  private func upcoming(beside input: Int) -> (line: Source, stride: Int)? {
    let line = input / lanes * lanes
    switch input % lanes / Self.rows {
    case 0: return (x + count * inputs + line, inputs)
    case 1 where line < outputs: return (dy + count * stride + line, stride)
    default: return nil
    }
  }
}
