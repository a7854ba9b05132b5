import Tensors

extension ReferenceKernels {
  public static func maxPool(
    _ geometry: WindowGeometry, batch: Int, x: Floats, activation: Activation, into y: MutableFloats,
    argmax: UnsafeMutablePointer<UInt8>?
  ) {
    let channels = geometry.input.channels
    for image in 0..<batch {
      let x = x + image * geometry.input.count
      let first = image * geometry.output.count
      for channel in 0..<channels {
        for position in 0..<geometry.positions {
          y[first + position * channels + channel] = -.infinity
          argmax?[first + position * channels + channel] = 0
        }
        var lastSeen = -1
        geometry.forEachPair { output, place, input in
          let value = x[input * channels + channel]
          let element = first + output * channels + channel
          // The first place inside the image leads until it is beaten, even where all are minus infinity.
          let isFirst = output != lastSeen
          lastSeen = output
          guard isFirst || value > y[element] || value.isNaN else { return }
          y[element] = value
          argmax?[element] = UInt8(place)
        }
        guard activation == .relu else { continue }
        for position in 0..<geometry.positions {
          let element = first + position * channels + channel
          guard y[element] <= 0 else { continue }
          y[element] = 0
          argmax?[element] = 255
        }
      }
    }
  }

  public static func maxPoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, argmax: UnsafePointer<UInt8>, into dx: MutableFloats,
    adding: Bool
  ) {
    let channels = geometry.input.channels
    if !adding { fill(dx, count: batch * geometry.input.count, value: 0) }
    for image in 0..<batch {
      let dx = dx + image * geometry.input.count
      let first = image * geometry.output.count
      geometry.forEachPair { output, place, input in
        for channel in 0..<channels where argmax[first + output * channels + channel] == place {
          dx[input * channels + channel] += dy[first + output * channels + channel]
        }
      }
    }
  }

  public static func averagePool(_ geometry: WindowGeometry, batch: Int, x: Floats, into y: MutableFloats) {
    let channels = geometry.input.channels
    for image in 0..<batch {
      let x = x + image * geometry.input.count
      var sums = [Double](repeating: 0, count: geometry.output.count)
      geometry.forEachPair { output, _, input in
        for channel in 0..<channels {
          sums[output * channels + channel] += Double(x[input * channels + channel])
        }
      }
      for element in 0..<sums.count {
        y[image * sums.count + element] = Float(sums[element] / Double(geometry.kernel * geometry.kernel))
      }
    }
  }

  public static func averagePoolGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, into dx: MutableFloats, adding: Bool
  ) {
    let channels = geometry.input.channels
    for image in 0..<batch {
      let dy = dy + image * geometry.output.count
      var sums = [Double](repeating: 0, count: geometry.input.count)
      geometry.forEachPair { output, _, input in
        for channel in 0..<channels {
          sums[input * channels + channel] += Double(dy[output * channels + channel])
        }
      }
      for element in 0..<sums.count {
        let target = dx + image * sums.count + element
        target.pointee =
          (adding ? target.pointee : 0) + Float(sums[element] / Double(geometry.kernel * geometry.kernel))
      }
    }
  }
}
