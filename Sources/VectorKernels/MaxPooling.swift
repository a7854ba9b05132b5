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
        var winner = SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: leader))
        window.forEachPlace { place, element in
          let value = load(x + element + channel, left: left)
          let wins = (value .> largest) .| (value .!= value)
          largest.replace(with: value, where: wins)
          winner.replace(with: SIMD16(repeating: Int32(truncatingIfNeeded: place)), where: wins)
        }
        store(largest, y + window.output + channel, left: left)
        if let argmax { store(winner, argmax + window.output + channel, left: left) }
      }
    }
  }

  public static func maxPoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, argmax: UnsafePointer<UInt8>, into dx: MutableFloats,
    adding: Bool
  ) {
    PoolingWindow.spread(geometry, batch: batch, into: dx, adding: adding) { output, left, reach in
      (dy: first(left, of: load(dy + output, left: reach)), winner: load(argmax + output, left: reach))
    } part: { place, gradients in
      let wins = gradients.winner .== Vector(repeating: placeBase + Float(place))
      return Vector().replacing(with: gradients.dy, where: wins)
    }
  }
}

/// 2^23, above which the bits of a float count in ones.
private let placeBase: Float = 0x1p23

/// Places as floats from 2^23 on, because only floats compare in one instruction.
@inline(__always)
private func load(_ p: UnsafePointer<UInt8>, left: Int) -> Vector {
  var places = SIMD16<UInt8>()
  if left >= lanes {
    places = UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt8>.self)
  } else {
    for lane in 0..<left { places[lane] = p[lane] }
  }
  let bits = SIMD16<UInt32>(truncatingIfNeeded: places) | SIMD16(repeating: placeBase.bitPattern)
  return unsafeBitCast(bits, to: Vector.self)
}

@inline(__always)
private func store(_ places: SIMD16<Int32>, _ target: UnsafeMutablePointer<UInt8>, left: Int) {
  if left >= lanes {
    UnsafeMutableRawPointer(target).storeBytes(
      of: SIMD16<UInt8>(truncatingIfNeeded: places), as: SIMD16<UInt8>.self)
  } else {
    for lane in 0..<left { target[lane] = UInt8(truncatingIfNeeded: places[lane]) }
  }
}
