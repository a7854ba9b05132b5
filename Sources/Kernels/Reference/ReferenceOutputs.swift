extension ReferenceKernels {
  public static func radialBasis(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, into y: MutableFloats
  ) {
    for sample in 0..<batch {
      for k in 0..<classes {
        var sum = 0.0
        for i in 0..<inputs {
          let difference = Double(x[sample * inputs + i]) - Double(weight[k * inputs + i])
          sum += difference * difference
        }
        y[sample * classes + k] = Float(-sum)
      }
    }
  }

  public static func radialBasisInputGradient(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, dy: Floats, into dx: MutableFloats
  ) {
    for sample in 0..<batch {
      for i in 0..<inputs {
        var sum = 0.0
        for k in 0..<classes {
          let difference = Double(weight[k * inputs + i]) - Double(x[sample * inputs + i])
          sum += 2 * Double(dy[sample * classes + k]) * difference
        }
        dx[sample * inputs + i] = Float(sum)
      }
    }
  }

  public static func radialBasisParameterGradients(
    batch: Int, inputs: Int, classes: Int, x: Floats, weight: Floats, dy: Floats, weight dw: MutableFloats
  ) {
    for k in 0..<classes {
      for i in 0..<inputs {
        var sum = 0.0
        for sample in 0..<batch {
          let difference = Double(x[sample * inputs + i]) - Double(weight[k * inputs + i])
          sum += 2 * Double(dy[sample * classes + k]) * difference
        }
        dw[k * inputs + i] += Float(sum)
      }
    }
  }

  public static func softmax(batch: Int, classes: Int, x: Floats, into y: MutableFloats) {
    for sample in 0..<batch {
      let row = sample * classes
      let largest = (0..<classes).map { Double(x[row + $0]) }.max() ?? 0
      let shares = (0..<classes).map { exponential(Double(x[row + $0]) - largest) }
      let sum = shares.reduce(0, +)
      for index in 0..<classes { y[row + index] = Float(shares[index] / sum) }
    }
  }

  public static func softmaxGradient(
    batch: Int, classes: Int, dy: Floats, y: Floats, into dx: MutableFloats
  ) {
    for sample in 0..<batch {
      let row = sample * classes
      let mean = (0..<classes).map { Double(dy[row + $0]) * Double(y[row + $0]) }.reduce(0, +)
      for index in 0..<classes {
        dx[row + index] = Float(Double(y[row + index]) * (Double(dy[row + index]) - mean))
      }
    }
  }
}
