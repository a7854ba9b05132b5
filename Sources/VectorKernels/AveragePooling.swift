import Kernels

extension VectorKernelSet {
  public static func averagePool(_ geometry: WindowGeometry, batch: Int, x: Floats, into y: MutableFloats) {
    let share = Vector(repeating: 1 / Float(geometry.kernel * geometry.kernel))
    PoolingWindow.forEach(geometry, batch: batch) { window in
      forEachVector(geometry.input.channels) { channel, left in
        let left = window.reach(left)
        var sum = Vector()
        window.forEachPlace { _, element in sum += load(x + element + channel, left: left) }
        store(sum * share, y + window.output + channel, left: left)
      }
    }
  }

  public static func averagePoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, into dx: MutableFloats, adding: Bool
  ) {
    let share = Vector(repeating: 1 / Float(geometry.kernel * geometry.kernel))
    PoolingWindow.spread(geometry, batch: batch, into: dx, adding: adding) { output, left, reach in
      first(left, of: load(dy + output, left: reach) * share)
    } part: { _, part in
      part
    }
  }
}
