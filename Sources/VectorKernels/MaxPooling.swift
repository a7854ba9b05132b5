import Kernels

extension VectorKernelSet {
  public static func maxPool(
    _ geometry: WindowGeometry, batch: Int, x: Floats, activation: Activation, into y: MutableFloats,
    argmax: UnsafeMutablePointer<UInt8>?
  ) {
    let start = Vector(repeating: activation == .relu ? 0 : -.infinity)
    PoolingWindow.forEach(geometry, batch: batch) { window in
      // The first place inside the image leads until it is beaten, even where all are minus infinity; before ReLU, none.
      let first = window.isEmpty ? 0 : window.rows.lowerBound * geometry.kernel + window.columns.lowerBound
      let leader = activation == .relu ? 255 : first
      forEachVector(geometry.input.channels) { channel, left in
        let left = window.reach(left)
        window.request(x + channel)
        var largest = start
        var winner = PoolingPlaces(repeating: leader)
        window.forEachPlace { place, element in
          let value = load(x + element + channel, left: left)
          let wins = (value .> largest) .| (value .!= value)
          largest.replace(with: value, where: wins)
          winner.replace(with: place, where: wins)
        }
        store(largest, y + window.output + channel, left: left)
        if let argmax { winner.write(argmax + window.output + channel, left: left) }
      }
    }
  }

  public static func maxPoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, argmax: UnsafePointer<UInt8>, into dx: MutableFloats,
    adding: Bool
  ) {
    PoolingWindow.spread(geometry, batch: batch, into: dx, adding: adding) { output, left, reach in
      (
        dy: first(left, of: load(dy + output, left: reach)),
        winner: PoolingPlaces(argmax + output, left: reach)
      )
    } part: { place, gradients in
      Vector().replacing(with: gradients.dy, where: gradients.winner .== place)
    }
  }
}
