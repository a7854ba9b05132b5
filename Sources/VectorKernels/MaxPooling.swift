import Kernels

extension VectorKernels {
  public static func maxPool(
    _ geometry: WindowGeometry, batch: Int, x: Floats, into y: MutableFloats,
    argmax: UnsafeMutablePointer<UInt8>?
  ) {
    PoolingWindow.forEach(geometry, batch: batch) { window in
      // The first place inside the image leads until it is beaten, even where all are minus infinity.
      let leader = window.isEmpty ? 0 : window.rows.lowerBound * geometry.kernel + window.columns.lowerBound
      forEachVector(geometry.input.channels) { channel, left in
        var largest = Vector(repeating: -.infinity)
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
    if !adding { clear(dx, count: batch * geometry.input.count) }
    PoolingWindow.forEach(geometry, batch: batch) { window in
      forEachVector(geometry.input.channels) { channel, left in
        let gradient = load(dy + window.output + channel, left: left)
        let winner = load(argmax + window.output + channel, left: left)
        window.forEachPlace { place, element in
          let wins = winner .== Vector(repeating: Float(place))
          let target = dx + element + channel
          let part = Vector().replacing(with: gradient, where: wins)
          store(load(target, left: left) + part, target, left: left)
        }
      }
    }
  }
}

/// Places as floats, because only floats compare in one instruction.
@inline(__always)
private func load(_ p: UnsafePointer<UInt8>, left: Int) -> Vector {
  if left >= lanes {
    return Vector(
      Float(p[0]), Float(p[1]), Float(p[2]), Float(p[3]), Float(p[4]), Float(p[5]), Float(p[6]), Float(p[7]),
      Float(p[8]), Float(p[9]), Float(p[10]), Float(p[11]), Float(p[12]), Float(p[13]), Float(p[14]),
      Float(p[15]))
  }
  var vector = Vector()
  for lane in 0..<left { vector[lane] = Float(p[lane]) }
  return vector
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
