extension ReferenceKernels {
  public static func channelMoments(
    _ x: Floats, _ rows: ChannelRows, mean: MutableFloats, variance: MutableFloats
  ) {
    for channel in 0..<rows.channels {
      let count = Double(max(rows.count, 1))
      var sum = 0.0
      for row in 0..<rows.count { sum += Double(x[row * rows.stride + channel]) }
      var squares = 0.0
      for row in 0..<rows.count {
        let difference = Double(x[row * rows.stride + channel]) - sum / count
        squares += difference * difference
      }
      mean[channel] = Float(sum / count)
      variance[channel] = Float(squares / count)
    }
  }

  public static func scaleAndShift(
    _ x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    into y: MutableFloats
  ) {
    rows.forEach { row, channel in
      let value = x[row * rows.stride + channel].scaled(scale[channel], plus: shift[channel])
      y[row * rows.channels + channel] = activation == .relu && value < 0 ? 0 : value
    }
  }

  public static func scaleAndShiftSums(
    _ dy: Floats, x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    centre: Floats, sums: MutableFloats, products: MutableFloats
  ) {
    for channel in 0..<rows.channels {
      var (sum, product) = (0.0, 0.0)
      for row in 0..<rows.count {
        let value = x[row * rows.stride + channel]
        let passes = activation == .identity || value.scaled(scale[channel], plus: shift[channel]) > 0
        let gradient = passes ? Double(dy[row * rows.channels + channel]) : 0
        sum += gradient
        product += gradient * (Double(value) - Double(centre[channel]))
      }
      sums[channel] = Float(sum)
      products[channel] = Float(product)
    }
  }

  public static func scaleAndShiftGradient(
    _ dy: Floats, x: Floats, _ rows: ChannelRows, scale: Floats, shift: Floats, activation: Activation,
    a: Floats, b: Floats, c: Floats, into dx: MutableFloats, adding: Bool
  ) {
    rows.forEach { row, channel in
      let element = row * rows.stride + channel
      let passes = activation == .identity || x[element].scaled(scale[channel], plus: shift[channel]) > 0
      let gradient = passes ? Double(dy[row * rows.channels + channel]) : 0
      let value =
        Double(a[channel]) * gradient + Double(b[channel]) * Double(x[element]) + Double(c[channel])
      dx[element] = (adding ? dx[element] : 0) + Float(value)
    }
  }

  public static func copyRows(
    _ x: Floats, _ rows: ChannelRows, into y: MutableFloats, stride: Int, adding: Bool
  ) {
    rows.forEach { row, channel in
      let target = row * stride + channel
      y[target] = (adding ? y[target] : 0) + x[row * rows.stride + channel]
    }
  }

  public static func addAndActivate(_ x: Floats, into y: MutableFloats, count: Int, activation: Activation) {
    for i in 0..<count {
      let sum = x[i] + y[i]
      y[i] = activation == .relu && sum < 0 ? 0 : sum
    }
  }
}

extension ChannelRows {
  fileprivate func forEach(_ body: (_ row: Int, _ channel: Int) -> Void) {
    for row in 0..<count {
      for channel in 0..<channels { body(row, channel) }
    }
  }
}

extension Float {
  /// self x scale + shift, rounded once: which side of zero it lies on must not depend on who asks.
  fileprivate func scaled(_ scale: Float, plus shift: Float) -> Float { shift.addingProduct(self, scale) }
}
