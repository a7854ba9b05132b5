import Kernels

/// Forward of a ``PooledConvolution``: the planes of one band after the other, which stay in the nearest caches.
struct PlaneForward {
  private let stage: PooledConvolution
  private let image: ImagePlane
  private let pixels: PixelRow
  private let groups: Int
  /// Where the parts of the scratch begin: the image, filters in groups of a tile's channels, planes, a row of windows channel
  /// by channel and then pixel by pixel.
  private let filters: Int
  private let planes: Int
  private let windows: Int
  private let row: Int
  let scratch: Int

  init(_ stage: PooledConvolution) {
    self.stage = stage
    image = ImagePlane(stage)
    pixels = PixelRow(channels: stage.output.channels, width: stage.output.width)
    let channels = stage.output.channels
    groups = (channels + PlaneTile.channels - 1) / PlaneTile.channels
    filters = image.count
    planes = filters + padded(groups * PlaneTile.channels * (stage.window.patch + 1))
    windows = planes + channels * stage.plane
    row = windows + channels * stage.blocks * lanes
    scratch = row + pixels.count
  }

  /// Zeros around the image, and for each group of channels its biases and then, tap by tap, its filters.
  func begin(_ weight: Source, _ bias: Source, _ scratch: Target) {
    clear(scratch, count: filters)
    var target = scratch + filters
    for group in 0..<groups {
      for tap in -1..<stage.window.patch {
        for channel in group * PlaneTile.channels..<(group + 1) * PlaneTile.channels {
          let source = tap < 0 ? bias : weight + tap * stage.output.channels
          target.pointee = channel < stage.output.channels ? source[channel] : 0
          target += 1
        }
      }
    }
  }

  /// One image; `number` says which of the batch, for what is saved.
  func run(_ number: Int, x: Source, into y: Target, saved: Target?, scratch: Target) {
    stage.forEachBand { band, rows in
      image.copy(x, rows, into: scratch)
      let y = y + rows.lowerBound * stage.output.width * stage.output.channels
      switch stage.pooling {
      case .average: average(number * stage.bands + band, rows, into: y, saved: saved, scratch)
      case .maximum: maximum(number, rows, into: y, saved: saved, scratch)
      }
    }
  }

  /// - Parameter band: which of the batch's.
  @inline(never)
  private func average(_ band: Int, _ rows: Range<Int>, into y: Target, saved: Target?, _ scratch: Target) {
    let kept = stage.function == .identity ? nil : saved
    let planes = kept.map { $0 + band * stage.output.channels * stage.plane } ?? scratch + self.planes
    convolve(scratch, rows, into: planes)
    for channel in 0..<stage.output.channels {
      let plane = planes + channel * stage.plane
      apply(stage.function, to: plane, count: padded(stage.positions(rows)))
    }
    pool(planes, rows, into: y, scratch) { window, _, _, _ in window.mean }
  }

  @inline(never)
  private func maximum(_ image: Int, _ rows: Range<Int>, into y: Target, saved: Target?, _ scratch: Target) {
    let planes = scratch + self.planes
    convolve(scratch, rows, into: planes)
    if let saved {
      let winners = UnsafeMutableRawPointer(saved).assumingMemoryBound(to: UInt8.self)
      pool(planes, rows, into: y, scratch) { window, channel, row, block in
        let (largest, winner) = window.maximum
        winner.write(winners + stage.winners(image: image, channel: channel, row: row, block: block))
        return largest
      }
    } else {
      pool(planes, rows, into: y, scratch) { window, _, _, _ in window.maximum.value }
    }
    apply(stage.function, to: y, count: rows.count * stage.output.width * stage.output.channels)
  }

  /// plane[c] = x * w[c] + b[c], plane by plane.
  @inline(never)
  private func convolve(_ x: Source, _ rows: Range<Int>, into planes: Target) {
    // With constants here the loops over taps have no counter.
    if stage.window.kernel == 3 {
      convolve(x, rows, kernel: 3, into: planes)
    } else {
      convolve(x, rows, kernel: 5, into: planes)
    }
  }

  @inline(__always)
  private func convolve(_ x: Source, _ rows: Range<Int>, kernel: Int, into planes: Target) {
    let (channels, plane) = (stage.output.channels, stage.plane)
    for group in 0..<groups {
      let first = group * PlaneTile.channels
      let biases = x + filters + first * (stage.window.patch + 1)
      let left = channels - first
      for position in stride(from: 0, to: stage.positions(rows), by: PlaneTile.positions) {
        var tile = PlaneTile { biases[$0] }
        var weight = biases + PlaneTile.channels
        for row in 0..<kernel {
          let x = x + position + row * stage.line
          for column in 0..<kernel {
            tile.addProducts(x + column, weight)
            weight += PlaneTile.channels
          }
        }
        let target = planes + first * plane + position
        tile.forEach { channel, position, sums in
          guard channel < left else { return }
          store(sums, target + channel * plane + position)
        }
      }
    }
  }

  /// Rows of windows from the planes to pixels of channels: y = body(the places of 16 windows, channel, row, block).
  @inline(__always)
  private func pool(
    _ planes: Target, _ rows: Range<Int>, into y: Target, _ scratch: Target,
    _ body: (_ window: PooledWindows, _ channel: Int, _ row: Int, _ block: Int) -> Vector
  ) {
    let channels = stage.output.channels
    let count = stage.output.width * channels
    let reach = stage.blocks * lanes
    let (pooled, pixel) = (scratch + windows, scratch + self.row)
    for (place, row) in rows.enumerated() {
      for channel in 0..<channels {
        let plane = planes + channel * stage.plane + 2 * place * stage.line
        for block in 0..<stage.blocks {
          let windows = PooledWindows(plane + 2 * lanes * block, line: stage.line)
          store(body(windows, channel, row, block), pooled + channel * reach + block * lanes)
        }
      }
      pixels.interleave(pooled, stride: reach, into: pixel)
      let y = y + place * count
      forEachVector(count) { element, left in store(load(pixel + element), y + element, left: left) }
    }
  }
}

/// The four places of each of 16 windows side by side, row by row.
private struct PooledWindows {
  let first: Vector
  let second: Vector
  let third: Vector
  let fourth: Vector

  @inline(__always)
  init(_ plane: Target, line: Int) {
    (first, second) = unzip(load(plane), load(plane + lanes))
    (third, fourth) = unzip(load(plane + line), load(plane + line + lanes))
  }

  var mean: Vector {
    @inline(__always) get { ((first + second) + (third + fourth)) * Vector(repeating: 0.25) }
  }

  /// The largest and its place: the first of equals; a NaN wins.
  var maximum: (value: Vector, place: PoolingPlaces) {
    @inline(__always) get {
      var value = first
      var place = PoolingPlaces(repeating: 0)
      challenge(&value, &place, second, 1)
      challenge(&value, &place, third, 2)
      challenge(&value, &place, fourth, 3)
      return (value, place)
    }
  }

  @inline(__always)
  private func challenge(_ value: inout Vector, _ place: inout PoolingPlaces, _ other: Vector, _ number: Int)
  {
    let (wins, isNaN) = (other .> value, other .!= other)
    value.replace(with: other, where: wins)
    place.replace(with: number, where: wins)
    value.replace(with: other, where: isNaN)
    place.replace(with: number, where: isNaN)
  }
}

/// x = f(x), element by element.
private func apply(_ function: PooledConvolution.Function, to x: Target, count: Int) {
  switch function {
  case .identity: return
  case .relu: VectorKernels.relu(x, into: x, count: count)
  case .sigmoid: VectorKernels.sigmoid(x, into: x, count: count)
  case .tanh: VectorKernels.tanh(x, into: x, count: count)
  }
}
