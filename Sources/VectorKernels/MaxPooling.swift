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
    // Windows that tile the image reach each of its elements once; of few channels, whole vectors reach the neighbours too.
    let isTiling =
      geometry.input.channels >= lanes && geometry.kernel == geometry.stride && geometry.padding == 0
      && geometry.output.height * geometry.stride == geometry.input.height
      && geometry.output.width * geometry.stride == geometry.input.width
    let overwrites = isTiling && !adding
    if !adding, !overwrites { clear(dx, count: batch * geometry.input.count) }
    PoolingWindow.forEach(geometry, batch: batch) { window in
      forEachVector(geometry.input.channels) { channel, left in
        let reach = window.reach(left)
        let gradient = first(left, of: load(dy + window.output + channel, left: reach))
        let winner = load(argmax + window.output + channel, left: reach)
        window.forEachPlace { place, element in
          let wins = winner .== Vector(repeating: placeBase + Float(place))
          let target = dx + element + channel
          let part = Vector().replacing(with: gradient, where: wins)
          store(overwrites ? part : load(target, left: reach) + part, target, left: reach)
        }
      }
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
