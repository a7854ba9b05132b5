import Tensors

extension ReferenceKernels {
  public static func convolutionAlgorithm(_ geometry: WindowGeometry) -> String { "naive" }

  public static func convolutionScratch(_ geometry: WindowGeometry, _ shards: Shards) -> Int {
    shardScratch(
      shards, weights: geometry.patch * geometry.output.channels, biases: geometry.output.channels)
  }

  public static func convolve(
    _ geometry: WindowGeometry, batch: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats
  ) {
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    for image in 0..<batch {
      let x = x + image * geometry.input.count
      let y = y + image * geometry.positions * geometry.outputStride
      var sums = [Double](repeating: 0, count: geometry.output.count)
      geometry.forEachPair { output, place, input in
        for from in 0..<inputs {
          for to in 0..<outputs {
            sums[output * outputs + to] +=
              Double(x[input * inputs + from]) * Double(weight[(place * inputs + from) * outputs + to])
          }
        }
      }
      for element in 0..<geometry.output.count {
        let sum = sums[element] + Double(bias?[element % outputs] ?? 0)
        y[element / outputs * geometry.outputStride + element % outputs] =
          activation == .relu && sum < 0 ? 0 : Float(sum)
      }
    }
  }

  public static func convolutionInputGradient(
    _ geometry: WindowGeometry, batch: Int, dy: Floats, weight: Floats, into dx: MutableFloats, adding: Bool,
    gate: Floats?, scratch: MutableFloats
  ) {
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    for image in 0..<batch {
      let dy = dy + image * geometry.positions * geometry.outputStride
      let dx = dx + image * geometry.input.count
      var sums = [Double](repeating: 0, count: geometry.input.count)
      geometry.forEachPair { output, place, input in
        for from in 0..<inputs {
          for to in 0..<outputs {
            sums[input * inputs + from] +=
              Double(dy[output * geometry.outputStride + to])
              * Double(weight[(place * inputs + from) * outputs + to])
          }
        }
      }
      for element in 0..<geometry.input.count {
        let passes = gate.map { $0[image * geometry.input.count + element] > 0 } ?? true
        dx[element] = passes ? (adding ? dx[element] : 0) + Float(sums[element]) : 0
      }
    }
  }

  public static func convolutionParameterGradients(
    _ geometry: WindowGeometry, _ shards: Shards, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats
  ) {
    let outputs = geometry.output.channels
    addShards(
      shards, weight: dw, weights: geometry.patch * outputs, bias: db, biases: outputs, scratch: scratch
    ) { shard, dw, db in
      addParameterGradients(
        geometry, batch: shard.samples.count, x: x + shard.samples.lowerBound * geometry.input.count,
        dy: dy + shard.samples.lowerBound * geometry.positions * geometry.outputStride, weight: dw, bias: db)
    }
  }

  private static func addParameterGradients(
    _ geometry: WindowGeometry, batch: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?
  ) {
    let (inputs, outputs) = (geometry.input.channels, geometry.output.channels)
    var sums = [Double](repeating: 0, count: geometry.patch * outputs)
    for image in 0..<batch {
      let x = x + image * geometry.input.count
      let dy = dy + image * geometry.positions * geometry.outputStride
      geometry.forEachPair { output, place, input in
        for from in 0..<inputs {
          for to in 0..<outputs {
            sums[(place * inputs + from) * outputs + to] +=
              Double(x[input * inputs + from]) * Double(dy[output * geometry.outputStride + to])
          }
        }
      }
    }
    for element in 0..<sums.count { dw[element] += Float(sums[element]) }
    if let db {
      let rows = ChannelRows(batch * geometry.positions, channels: outputs, stride: geometry.outputStride)
      addColumnSums(rows, dy, into: db)
    }
  }

  /// sums[c] += x[r, c] over all rows r.
  static func addColumnSums(_ rows: ChannelRows, _ x: Floats, into sums: MutableFloats) {
    for column in 0..<rows.channels {
      var sum = 0.0
      for row in 0..<rows.count { sum += Double(x[row * rows.stride + column]) }
      sums[column] += Float(sum)
    }
  }
}
