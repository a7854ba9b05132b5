import Kernels
import Tensors

/// Convolutions by minimal filtering: fewer products, for transforms before and after them.
extension WinogradScheme {
  typealias Tiles = WinogradTiles<Self>
  typealias TilesBack = WinogradTiles<Back>

  static var name: String {
    "F(\(outputs)x\(outputs),\(kernel)x\(kernel))" + (stride == 1 ? "" : "/\(stride)")
  }

  /// Products for an image of one channel on either side.
  static func products(_ output: Shape) -> Int {
    let down = (output.height + outputs - 1) / outputs
    let across = (output.width + outputs - 1) / outputs
    return down * across * points * points
  }

  static func scratch(_ geometry: WindowGeometry, together shards: Shards) -> Int {
    max(
      Tiles.room(from: geometry.input, to: geometry.output, shards),
      TilesBack.room(from: geometry.output, to: geometry.input, Shards(whole: shards.samples)))
  }

  static func forward(
    _ geometry: WindowGeometry, batch: Int, x: Source, weight: Source, bias: Source?, activation: Activation,
    into y: Target, scratch: Target
  ) {
    let tiles = Tiles(from: geometry.input, to: geometry.output, batch: batch, scratch: scratch)
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    let floor = Vector(repeating: activation == .relu ? 0 : -.infinity)
    if tiles.isWhole { tiles.readFilters(weight, inputs: inputs, outputs: outputs, 0..<inputs, 0..<outputs) }
    tiles.forEach { range in
      tiles.readInputs(geometry.inputs(x), padding: geometry.padding - border, range)
      tiles.forEachStrip(outputs) { channels in
        tiles.forEachSlice(inputs) { slice in
          if !tiles.isWhole { tiles.readFilters(weight, inputs: inputs, outputs: outputs, slice, channels) }
          tiles.multiply(range.count, slice, channels)
        }
        tiles.writeOutputs(geometry.outputs(y), channels, range) { sum, target, channel, left in
          var sum = sum
          if let bias { sum += load(bias + channel, left: left) }
          sum.replace(with: floor, where: sum .< floor)
          store(sum, target, left: left)
        }
      }
    }
  }

  static func inputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Source, weight: Source, into dx: Target, adding: Bool,
    gate: Source?, scratch: Target
  ) {
    let tiles = TilesBack(from: geometry.output, to: geometry.input, batch: batch, scratch: scratch)
    let (inputs, outputs) = (geometry.output.channels, geometry.input.channels)
    // With stride 2 the padding is 1, and tiles begin where the gradients do.
    let padding = stride == 1 ? kernel - 1 - geometry.padding - Back.border : 0
    if tiles.isWhole {
      tiles.readFiltersBack(weight, inputs: inputs, outputs: outputs, 0..<inputs, 0..<outputs)
    }
    tiles.forEach { range in
      tiles.readInputs(geometry.outputs(dy), padding: padding, range)
      tiles.forEachStrip(outputs) { channels in
        tiles.forEachSlice(inputs) { slice in
          if !tiles.isWhole {
            tiles.readFiltersBack(weight, inputs: inputs, outputs: outputs, slice, channels)
          }
          tiles.multiply(range.count, slice, channels)
        }
        if let gate {
          tiles.writeOutputs(geometry.inputs(dx), beside: gate, channels, range) { sum, target, _, left in
            let passes = load(gate + (target - dx), left: left) .> Vector()
            let sum = adding ? sum + load(target, left: left) : sum
            store(Vector().replacing(with: sum, where: passes), target, left: left)
          }
        } else {
          tiles.writeOutputs(geometry.inputs(dx), channels, range) { sum, target, _, left in
            store(adding ? sum + load(target, left: left) : sum, target, left: left)
          }
        }
      }
    }
  }

  /// Where the filters are worked on in strips, as many shards as are transformed together; else one.
  static func shardsTogether(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    let shard = Tiles(from: geometry.input, to: geometry.output, batch: shards.largest, scratch: nil)
    return shard.isWhole ? 1 : shards.together(shard.most / (shard.down * shard.across))
  }

  static func parameterGradients(
    _ geometry: WindowGeometry, together shards: Shards, x: Source, dy: Source, weight dw: Target,
    bias db: Target?, scratch: Target
  ) {
    guard shards.samples > 0 else { return }
    let tiles = Tiles(
      from: geometry.input, to: geometry.output, batch: shards.samples, cut: shards.largest, scratch: scratch)
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    tiles.forEach { range in
      tiles.readInputs(geometry.inputs(x), padding: geometry.padding - border, range)
      tiles.forEachStrip(outputs) { channels in
        if tiles.isWhole {
          tiles.readOutputGradients(geometry.outputs(dy), channels, range, sums: db)
          tiles.multiplyTransposed(
            range.count, rows: inputs, channels, adding: range.lowerBound > 0)
        } else {
          tiles.readOutputGradients(geometry.outputs(dy), channels, range, of: shards, sums: db)
          tiles.addFilterGradients(range, of: shards, into: dw, inputs: inputs, outputs: outputs, channels)
        }
      }
    }
    if tiles.isWhole { tiles.addFilterGradients(into: dw, inputs: inputs, outputs: outputs) }
  }
}

extension WinogradTiles {
  /// outputs = inputs times filters, point by point, of one slice of the inputs after the other.
  fileprivate func multiply(_ tiles: Int, _ slice: Range<Int>, _ channels: Range<Int>) {
    for point in 0..<Self.matrices {
      BlockProducts.multiply(
        input(point, from: slice.lowerBound), filter(filterPoint(point), of: channels.lowerBound),
        into: output(point), rows: tiles, inner: BlockProducts.inner(slice.count), columns: channels.count,
        adding: slice.lowerBound > 0, upcoming: upcoming(behind: point, slice, channels))
    }
  }

  /// What of the next point's factors is not in the second-level cache.
  private func upcoming(behind point: Int, _ slice: Range<Int>, _ channels: Range<Int>) -> UpcomingLines? {
    let next = point + 1
    guard next < Self.matrices else { return nil }
    guard isWhole else {
      return UpcomingLines(
        base: Source(input(next, from: slice.lowerBound).base), count: together * padded(slice.count) / lanes)
    }
    guard filterPoint(next) != filterPoint(point) else { return nil }
    return UpcomingLines(
      base: Source(filter(filterPoint(next), of: channels.lowerBound).base),
      count: padded(channels.count) / lanes * inputs)
  }

  /// The filter's point that a point of tiles is multiplied by.
  private func filterPoint(_ point: Int) -> Int {
    let (row, column) = (point / Scheme.points, point % Scheme.points)
    return Scheme.filterPoint(row) * Scheme.filterPoints + Scheme.filterPoint(column)
  }

  /// Calls `body` with the points of tiles that are multiplied by a point of the filter.
  @inline(__always)
  func forEachPoint(ofFilter point: Int, _ body: (Int) -> Void) {
    for row in Scheme.points(ofFilter: point / Scheme.filterPoints) {
      for column in Scheme.points(ofFilter: point % Scheme.filterPoints) {
        body(row * Scheme.points + column)
      }
    }
  }

  /// filters = inputs transposed times outputs, point by point; `adding` to what is there. Where points share one of the filter, the order
  /// of its sums follows the parts that tiles are cut into, which therefore depend on nothing but a shape and a shard's samples.
  fileprivate func multiplyTransposed(_ tiles: Int, rows: Int, _ channels: Range<Int>, adding: Bool) {
    for point in 0..<Self.filterMatrices {
      var adding = adding
      forEachPoint(ofFilter: point) { shared in
        BlockProducts.multiplyTransposed(
          input(shared), output(shared), into: filter(point, of: channels.lowerBound), rows: rows,
          inner: tiles, columns: channels.count, adding: adding)
        adding = true
      }
    }
  }
}

extension WindowGeometry {
  /// The images that the convolution reads, or whose gradients it writes.
  fileprivate func inputs<Pointer>(_ base: Pointer) -> Pixels<Pointer> {
    Pixels(
      base: base, height: input.height, width: input.width, channels: input.channels, stride: input.channels)
  }

  /// The images that it writes, or whose gradients it reads.
  fileprivate func outputs<Pointer>(_ base: Pointer) -> Pixels<Pointer> {
    Pixels(
      base: base, height: output.height, width: output.width, channels: output.channels, stride: outputStride)
  }
}
