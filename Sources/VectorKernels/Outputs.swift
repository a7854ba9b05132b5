import Kernels

extension VectorKernelSet {
  public static func radialBasis(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, into y: MutableFloats
  ) {
    for sample in 0..<batch {
      let x = x + sample * inputs
      for k in 0..<classes {
        var sum = Vector()
        forEachVector(inputs) { index, left in
          let difference = load(x + index, left: left) - load(weight + k * inputs + index, left: left)
          sum.addProduct(difference, difference)
        }
        y[sample * classes + k] = -total(sum)
      }
    }
  }

  public static func radialBasisInputGradient(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, dy: Floats, into dx: MutableFloats
  ) {
    for sample in 0..<batch {
      forEachVector(inputs) { index, left in
        let value = load(x + sample * inputs + index, left: left)
        var sum = Vector()
        for k in 0..<classes {
          let difference = load(weight + k * inputs + index, left: left) - value
          sum.addProduct(Vector(repeating: 2 * dy[sample * classes + k]), difference)
        }
        store(sum, dx + sample * inputs + index, left: left)
      }
    }
  }

  public static func radialBasisParameterGradients(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, dy: Floats, weight dw: MutableFloats
  ) {
    for k in 0..<classes {
      forEachVector(inputs) { index, left in
        let value = load(weight + k * inputs + index, left: left)
        var sum = load(dw + k * inputs + index, left: left)
        for sample in 0..<batch {
          let difference = load(x + sample * inputs + index, left: left) - value
          sum.addProduct(Vector(repeating: 2 * dy[sample * classes + k]), difference)
        }
        store(sum, dw + k * inputs + index, left: left)
      }
    }
  }

  public static func softmax(batch: Int, classes: Int, x: Floats, into y: MutableFloats) {
    for sample in 0..<batch {
      let (x, y) = (x + sample * classes, y + sample * classes)
      var largest = -Float.infinity
      for index in 0..<classes { largest = max(largest, x[index]) }
      let norm = Vector(repeating: Float(1 / exponentials(x, classes, below: largest, into: y)))
      map(y, into: y, classes) { $0 * norm }
    }
  }

  /// exp(z - top) of a row, kept where somebody wants them.
  ///
  /// - Returns: their sum.
  @inline(__always)
  static func exponentials(_ z: Source, _ classes: Int, below top: Float, into y: Target?) -> Double {
    let top = Vector(repeating: top)
    var sum = 0.0
    forEachVector(classes) { index, left in
      let values = exponential(load(z + index, left: left) - top)
      if let y { store(values, y + index, left: left) }
      for lane in 0..<min(left, lanes) { sum += Double(values[lane]) }
    }
    return sum
  }

  public static func softmaxGradient(
    batch: Int, classes: Int, dy: Floats, y: Floats, into dx: MutableFloats
  ) {
    for sample in 0..<batch {
      let row = sample * classes
      var mean = Vector()
      forEachVector(classes) { index, left in
        mean.addProduct(load(dy + row + index, left: left), load(y + row + index, left: left))
      }
      let shift = Vector(repeating: total(mean))
      map(dy + row, y + row, into: dx + row, classes) { dy, y in y * (dy - shift) }
    }
  }
}
