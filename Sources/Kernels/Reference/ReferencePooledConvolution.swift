import Tensors

extension ReferenceKernels {
  public static var pooledConvolutionAlgorithm: String { "naive" }

  public static func pooledConvolutionScratch(_ stage: PooledConvolution, _ shards: Shards) -> Int {
    shardScratch(shards, weights: stage.window.patch * stage.output.channels, biases: stage.output.channels)
  }

  public static func pooledConvolution(
    _ stage: PooledConvolution, batch: Int, x: Floats, weight: Floats, bias: Floats, into y: MutableFloats,
    saved: MutableFloats?, scratch: MutableFloats
  ) {
    let channels = stage.output.channels
    for element in 0..<batch * stage.output.count {
      let sums = stage.places(of: element).map { place in
        var sum = Double(bias[element % channels])
        stage.forEachTap(place) { tap, pixel in
          sum += Double(x[pixel]) * Double(weight[tap * channels + element % channels])
        }
        return Float(sum)
      }
      switch stage.pooling {
      case .average:
        let values = sums.map { stage.function($0) }
        y[element] = Float(values.reduce(0) { $0 + Double($1) } / 4)
        guard stage.function != .identity else { continue }
        for (place, value) in values.enumerated() { saved?[4 * element + place] = value }
      case .maximum:
        var winner = 0
        for place in 1..<4 where sums[place] > sums[winner] || sums[place].isNaN { winner = place }
        y[element] = stage.function(sums[winner])
        saved.map(UnsafeMutableRawPointer.init)?
          .storeBytes(of: UInt8(winner), toByteOffset: element, as: UInt8.self)
      }
    }
  }

  public static func pooledConvolutionGradients(
    _ stage: PooledConvolution, _ shards: Shards, x: Floats, y: Floats, dy: Floats, saved: Floats,
    weight dw: MutableFloats, bias db: MutableFloats, scratch: MutableFloats
  ) {
    let (taps, channels) = (stage.window.patch, stage.output.channels)
    addShards(
      shards, weight: dw, weights: taps * channels, bias: db, biases: channels, scratch: scratch
    ) { shard, dw, db in
      addGradients(stage, shard.samples, x: x, y: y, dy: dy, saved: saved, weight: dw, bias: db)
    }
  }

  private static func addGradients(
    _ stage: PooledConvolution, _ samples: Range<Int>, x: Floats, y: Floats, dy: Floats, saved: Floats,
    weight dw: MutableFloats, bias db: MutableFloats?
  ) {
    let (taps, channels) = (stage.window.patch, stage.output.channels)
    var filters = [Double](repeating: 0, count: taps * channels)
    var biases = [Double](repeating: 0, count: channels)
    for element in samples.lowerBound * stage.output.count..<samples.upperBound * stage.output.count {
      let channel = element % channels
      for (number, place) in stage.places(of: element).enumerated() {
        let share: Double
        switch stage.pooling {
        case .average:
          share =
            stage.function == .identity ? 0.25 : 0.25 * stage.function.slope(saved[4 * element + number])
        case .maximum:
          let winner = UnsafeRawPointer(saved).load(fromByteOffset: element, as: UInt8.self)
          share = Int(winner) == number ? stage.function.slope(y[element]) : 0
        }
        let dz = Double(dy[element]) * share
        biases[channel] += dz
        stage.forEachTap(place) { tap, pixel in filters[tap * channels + channel] += dz * Double(x[pixel]) }
      }
    }
    for element in filters.indices { dw[element] += Float(filters[element]) }
    for channel in biases.indices { db?[channel] += Float(biases[channel]) }
  }
}

extension PooledConvolution {
  /// A position of the convolution's output.
  fileprivate struct Place {
    var image: Int
    var row: Int
    var column: Int
  }

  /// The four places that an element of the batch's output is pooled from.
  fileprivate func places(of element: Int) -> [Place] {
    let pixel = element / output.channels
    let (image, position) = (pixel / (output.height * output.width), pixel % (output.height * output.width))
    return (0..<4).map {
      Place(
        image: image, row: 2 * (position / output.width) + $0 / 2,
        column: 2 * (position % output.width) + $0 % 2)
    }
  }

  /// Calls `body` with (tap of the filter, pixel of the batch) wherever the window at a place meets its image.
  fileprivate func forEachTap(_ place: Place, _ body: (_ tap: Int, _ pixel: Int) -> Void) {
    for tap in 0..<window.patch {
      let row = place.row + tap / window.kernel - window.padding
      let column = place.column + tap % window.kernel - window.padding
      guard row >= 0, row < window.input.height, column >= 0, column < window.input.width else { continue }
      body(tap, (place.image * window.input.height + row) * window.input.width + column)
    }
  }

  fileprivate func function(_ x: Float) -> Float {
    var (x, y) = (x, x)
    switch function {
    case .identity: break
    case .relu: ReferenceKernels.relu(&x, into: &y, count: 1)
    case .sigmoid: ReferenceKernels.sigmoid(&x, into: &y, count: 1)
    case .tanh: ReferenceKernels.tanh(&x, into: &y, count: 1)
    }
    return y
  }
}

extension PooledConvolution.Function {
  /// f'(x), given y = f(x).
  fileprivate func slope(_ y: Float) -> Double {
    let y = Double(y)
    return switch self {
    case .identity: 1
    case .relu: y > 0 ? 1 : 0
    case .sigmoid: y * (1 - y)
    case .tanh: 1 - y * y
    }
  }
}
