import Kernels

/// Gradients of a ``PooledConvolution``'s parameters, one band after the other; their planes stay in the nearest caches.
///
/// A band's sums begin at zero and are added to those of the bands before it as vectors of 16 partial sums.
struct PlaneGradients {
  /// Channels whose planes are made and used together.
  private static var channels: Int { TapTile<FiveTapSums>.channels }

  private let stage: PooledConvolution
  private let image: ImagePlane
  private let pixels: PixelRow
  /// Floats of a channel's pooled gradients, and of its sums: those of the taps and of the bias.
  private let pooled: Int
  private let sums: Int
  /// Where the parts of the scratch begin: the image, pooled gradients, planes, sums, a row of gradients.
  private let gradients: Int
  private let planes: Int
  private let totals: Int
  private let row: Int
  let scratch: Int

  init(_ stage: PooledConvolution) {
    self.stage = stage
    image = ImagePlane(stage)
    pixels = PixelRow(channels: stage.output.channels, width: stage.output.width)
    let channels = stage.output.channels
    pooled = stage.band * stage.blocks * lanes
    sums = (stage.window.patch + 1) * lanes
    gradients = image.count
    planes = gradients + channels * pooled
    totals = planes + Self.channels * stage.plane
    row = totals + channels * sums
    scratch = row + pixels.count
  }

  /// Zeros around the image, behind a row of gradients, between the rows of planes, and to start from.
  func begin(_ scratch: Target) { clear(scratch, count: self.scratch) }

  /// Adds one image; `number` says which of the batch, for what was saved.
  func add(_ number: Int, x: Source, y: Source, dy: Source, saved: Source, scratch: Target) {
    stage.forEachBand { band, rows in
      image.copy(x, rows, into: scratch)
      let above = rows.lowerBound * stage.output.width * stage.output.channels
      separate(rows, y: y + above, dy: dy + above, scratch)
      add(number, band, rows, saved: saved, scratch)
    }
  }

  /// Adds a band of an image.
  @inline(__always)
  private func add(_ image: Int, _ band: Int, _ rows: Range<Int>, saved: Source, _ scratch: Target) {
    let positions = stage.positions(rows)
    let vectors = padded(positions) / lanes
    for first in stride(from: 0, to: stage.output.channels, by: Self.channels) {
      let count = min(Self.channels, stage.output.channels - first)
      for channel in 0..<count {
        let plane = scratch + planes + channel * stage.plane
        switch stage.pooling {
        case .average:
          let y =
            saved + ((image * stage.bands + band) * stage.output.channels + first + channel) * stage.plane
          spread(first + channel, rows, y: y, scratch, into: plane)
        case .maximum: place(first + channel, rows, of: image, saved, scratch, into: plane)
        }
        // A band of fewer rows than the one before it ends among what that one left.
        clear(plane + positions, count: vectors * lanes - positions)
        let biases = scratch + totals + (first + channel) * sums + stage.window.patch * lanes
        store(load(biases) + Columns.sum(rows: vectors) { load(plane + $0 * lanes) }, biases)
      }
      switch stage.window.kernel {
      case 3: addProducts(ThreeTapSums.self, first: first, count: count, vectors, scratch)
      default: addProducts(FiveTapSums.self, first: first, count: count, vectors, scratch)
      }
    }
  }

  /// Adds the sums to the parameters' gradients.
  func finish(_ scratch: Target, weight dw: Target, bias db: Target?) {
    let channels = stage.output.channels
    for channel in 0..<channels {
      let sums = scratch + totals + channel * self.sums
      for tap in 0..<stage.window.patch { dw[tap * channels + channel] += total(load(sums + tap * lanes)) }
      db?[channel] += total(load(sums + stage.window.patch * lanes))
    }
  }

  /// The pooled gradients channel by channel: in front of the function where that came last, else what each place gets.
  private func separate(_ rows: Range<Int>, y: Source, dy: Source, _ scratch: Target) {
    let count = stage.output.width * stage.output.channels
    let reach = stage.blocks * lanes
    for row in 0..<rows.count {
      let (dy, y) = (dy + row * count, y + row * count)
      let target = scratch + self.row
      switch (stage.pooling, stage.function) {
      case (.average, _): map(dy, into: target, count) { $0 * Vector(repeating: 0.25) }
      case (.maximum, .identity): map(dy, into: target, count) { $0 }
      case (.maximum, .relu): VectorKernels.reluGradient(dy, y: y, into: target, count: count)
      case (.maximum, .sigmoid): VectorKernels.sigmoidGradient(dy, y: y, into: target, count: count)
      case (.maximum, .tanh): VectorKernels.tanhGradient(dy, y: y, into: target, count: count)
      }
      pixels.separate(target, into: scratch + gradients + row * reach, stride: pooled)
    }
  }

  /// dz = f' times a quarter of dy at each place of a window.
  @inline(__always)
  private func spread(_ channel: Int, _ rows: Range<Int>, y: Source, _ scratch: Target, into plane: Target) {
    switch stage.function {
    case .identity: spread(channel, rows, scratch, into: plane) { gradient, _ in gradient }
    case .relu: spread(channel, rows, scratch, into: plane) { Slope.relu($0, load(y + $1)) }
    case .sigmoid: spread(channel, rows, scratch, into: plane) { Slope.sigmoid($0, load(y + $1)) }
    case .tanh: spread(channel, rows, scratch, into: plane) { Slope.tanh($0, load(y + $1)) }
    }
  }

  @inline(__always)
  private func spread(
    _ channel: Int, _ rows: Range<Int>, _ scratch: Target, into plane: Target,
    _ slope: (_ gradient: Vector, _ position: Int) -> Vector
  ) {
    let gradients = scratch + self.gradients + channel * pooled
    // What runs over into the next row is overwritten when its turn comes.
    for row in 0..<2 * rows.count {
      for block in 0..<stage.blocks {
        let gradient = load(gradients + (row / 2 * stage.blocks + block) * lanes)
        let (low, high) = zip(gradient, gradient)
        let position = row * stage.line + 2 * lanes * block
        store(slope(low, position), plane + position)
        store(slope(high, position + lanes), plane + position + lanes)
      }
    }
  }

  /// dz = dy at the place of each window that won, else 0.
  @inline(never)
  private func place(
    _ channel: Int, _ rows: Range<Int>, of image: Int, _ saved: Source, _ scratch: Target, into plane: Target
  ) {
    let gradients = scratch + self.gradients + channel * pooled
    let winners = UnsafeRawPointer(saved).assumingMemoryBound(to: UInt8.self)
    // What runs over into the next row is overwritten when its turn comes.
    for row in 0..<2 * rows.count {
      let first = row % 2 * 2
      for block in 0..<stage.blocks {
        let gradient = load(gradients + (row / 2 * stage.blocks + block) * lanes)
        let winner = PoolingPlaces(
          winners
            + stage.winners(image: image, channel: channel, row: rows.lowerBound + row / 2, block: block))
        let (low, high) = zip(
          Vector().replacing(with: gradient, where: winner .== first),
          Vector().replacing(with: gradient, where: winner .== first + 1))
        let position = row * stage.line + 2 * lanes * block
        store(low, plane + position)
        store(high, plane + position + lanes)
      }
    }
  }

  /// sums[c, tap] += sum of x dz[c] over the positions of the image, for each row of taps.
  @inline(never)
  private func addProducts<Sums: TapSums>(
    _: Sums.Type, first: Int, count: Int, _ vectors: Int, _ scratch: Target
  ) {
    let dz = Source(scratch + planes)
    for row in 0..<Sums.taps {
      let x = Source(scratch + row * stage.line)
      var tile = TapTile<Sums>()
      for vector in 0..<vectors {
        tile.add(x + vector * lanes, dz + vector * lanes, stride: stage.plane)
      }
      let target = scratch + totals + first * sums + row * Sums.taps * lanes
      tile.add(to: target, stride: sums, count: count)
    }
  }
}

/// dy f'(x), given y = f(x).
private enum Slope {
  @inline(__always)
  static func relu(_ dy: Vector, _ y: Vector) -> Vector { Vector().replacing(with: dy, where: y .> Vector()) }

  @inline(__always)
  static func sigmoid(_ dy: Vector, _ y: Vector) -> Vector { dy * y * (Vector(repeating: 1) - y) }

  @inline(__always)
  static func tanh(_ dy: Vector, _ y: Vector) -> Vector { dy * Vector(repeating: 1).addingProduct(-y, y) }
}
