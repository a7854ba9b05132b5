import CPrefetch
import Kernels

extension Pointwise {
  /// Pixels whose products are added to the gradients at once: as many as the second-level cache holds beside as many that are asked for;
  /// measured. It depends on the filters alone, so that a shard's sums do not depend on what is beside it.
  private static func pixels(_ geometry: WindowGeometry) -> Int {
    max(64, (1 << 15) / geometry.input.channels)
  }

  /// Floats of scratch.
  static func parameterScratch(_ geometry: WindowGeometry, together shards: Shards) -> Int {
    let pixels = min(pixels(geometry), shards.samples * geometry.positions)
    let sums = VectorKernels.treeScratch(shards.count, weights: geometry.output.channels, biases: 0)
    return PixelProducts.scratch(pixels: pixels, shards: shards.count) + sums
  }

  /// As many shards as are in the cache together.
  static func shardsTogether(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    shards.together(pixels(geometry) / geometry.positions)
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, together shards: Shards, x: Source, dy: Source, weight dw: Target,
    bias db: Target?, scratch: Target
  ) {
    let (inputs, outputs, stride) = (geometry.input.channels, geometry.output.channels, geometry.outputStride)
    let (all, most) = (shards.samples * geometry.positions, pixels(geometry))
    let products = scratch + (VectorKernels.treeScratch(shards.count, weights: outputs, biases: 0))
    for first in Swift.stride(from: 0, to: all, by: most) {
      let count = min(most, all - first)
      /// A shard's pixels of those at hand; of one shard some.
      func pixels(_ shard: Int) -> Range<Int> {
        guard shards.count > 1 else { return 0..<count }
        let samples = shards[shard].samples
        return samples.lowerBound * geometry.positions..<samples.upperBound * geometry.positions
      }
      let (x, dy) = (x + first * inputs, dy + first * stride)
      if let db {
        VectorKernels.addTree(
          shards.count, weight: db, weights: outputs, bias: nil, biases: 0, scratch: scratch
        ) { shard, db, _ in
          let pixels = pixels(shard)
          Columns.addSums(
            dy + pixels.lowerBound * stride, rows: pixels.count, columns: outputs, stride: stride, into: db)
        }
      }
      PixelProducts(
        x: x, inputs: inputs, dy: dy, outputs: outputs, stride: stride, count: count, shards: shards.count,
        scratch: products
      ).add(to: dw, pixels)
    }
  }
}

/// The products of some pixels' inputs and gradients: dw += x transposed times dy.
///
/// Gradients of up to 32 outputs are copied side by side, inputs stay where they are. What the next pixels need is asked for meanwhile.
private struct PixelProducts {
  let x: Source
  let inputs: Int
  let dy: Source
  let outputs: Int
  /// Floats from one pixel's gradients to the next.
  let stride: Int
  let count: Int
  let shards: Int
  let scratch: Target

  private static let width = BlockProducts.tileColumns
  private static let rows = FlatTile<WideLine>.rows
  private static let place = rows * width

  // Scratch: gradients of some outputs, the last inputs where they are no whole tile, sums of shards.
  private static func lastStart(_ pixels: Int) -> Int { pixels * width }
  private static func placeStart(_ pixels: Int) -> Int { lastStart(pixels) + padded(pixels * rows) }

  static func scratch(pixels: Int, shards: Int) -> Int {
    placeStart(pixels) + ShardTree.places(shards) * place
  }

  /// - Parameter pixels: those of a shard.
  @inline(__always)
  func add(to dw: Target, _ pixels: (_ shard: Int) -> Range<Int>) {
    let last = inputs % Self.rows
    for pixel in 0..<(last > 0 ? count : 0) {
      for input in 0..<Self.rows {
        scratch[Self.lastStart(count) + pixel * Self.rows + input] =
          input < last ? x[pixel * inputs + inputs - last + input] : 0
      }
    }
    var output = 0
    while output < outputs {
      if outputs - output > lanes, WideLine.vectors == 2 {
        strip(WideLine.self, from: output, to: dw, pixels)
        output += WideLine.vectors * lanes
      } else {
        strip(NarrowLine.self, from: output, to: dw, pixels)
        output += lanes
      }
    }
  }

  @inline(__always)
  private func strip<L: Line>(
    _: L.Type, from output: Int, to dw: Target, _ pixels: (_ shard: Int) -> Range<Int>
  ) {
    let (width, left) = (L.vectors * lanes, outputs - output)
    for pixel in 0..<count {
      for vector in Swift.stride(from: 0, to: width, by: lanes) {
        store(
          load(dy + pixel * stride + output + vector, left: left - vector), scratch + pixel * width + vector)
      }
    }
    let places = scratch + Self.placeStart(count)
    for input in Swift.stride(from: 0, to: inputs, by: Self.rows) {
      let rows = min(Self.rows, inputs - input)
      for row in 0..<rows {
        let target = dw + (input + row) * outputs + output
        for vector in 0..<L.vectors { prefetchForWriting(target + vector * lanes) }
      }
      // The next pixels: a line of inputs for every second block of them, and one of gradients for the others.
      let isEven = input % lanes == 0
      let line = input / lanes * lanes
      let next =
        output > 0 || !isEven && line >= outputs
        ? nil : isEven ? (x + count * inputs + line, inputs) : (dy + count * stride + line, stride)
      let (source, distance) =
        rows == Self.rows ? (x + input, inputs) : (Source(scratch + Self.lastStart(count)), Self.rows)
      ShardTree.forEach(shards) { shard, place in
        let pixels = pixels(shard)
        var tile = FlatTile<L>()
        var left = source + pixels.lowerBound * distance
        var right = Source(scratch + pixels.lowerBound * width)
        if let (base, step) = next {
          var upcoming = base + pixels.lowerBound * step
          for _ in pixels {
            prefetchForReading(upcoming)
            tile.add(left, stride: 1, L(right, second: lanes))
            left += distance
            right += width
            upcoming += step
          }
        } else {
          for _ in pixels {
            tile.add(left, stride: 1, L(right, second: lanes))
            left += distance
            right += width
          }
        }
        tile.write(places + place * Self.place, stride: width, second: lanes)
      } merge: { place in
        let place = places + place * Self.place
        VectorKernels.accumulate(place + Self.place, into: place, count: Self.rows * width)
      }
      for row in 0..<rows {
        for vector in Swift.stride(from: 0, to: width, by: lanes) {
          let target = dw + (input + row) * outputs + output + vector
          let sum = load(places + row * width + vector)
          store(sum + load(target, left: left - vector), target, left: left - vector)
        }
      }
    }
  }
}
