extension ReferenceKernels {
  public static func linearScratch(_ shards: Shards, inputs: Int, outputs: Int) -> Int {
    shardScratch(shards, weights: inputs * outputs, biases: outputs)
  }

  public static func linearAlgorithm(inputs: Int, outputs: Int) -> String { "naive" }

  public static func linear(
    batch: Int, inputs: Int, outputs: Int, x: Floats, weight: Floats, bias: Floats?, activation: Activation,
    into y: MutableFloats, scratch: MutableFloats
  ) {
    for sample in 0..<batch {
      for to in 0..<outputs {
        var sum = Double(bias?[to] ?? 0)
        for from in 0..<inputs {
          sum += Double(x[sample * inputs + from]) * Double(weight[from * outputs + to])
        }
        y[sample * outputs + to] = activation == .relu && sum < 0 ? 0 : Float(sum)
      }
    }
  }

  public static func linearInputGradient(
    batch: Int, inputs: Int, outputs: Int, dy: Floats, weight: Floats, into dx: MutableFloats,
    scratch: MutableFloats
  ) {
    for sample in 0..<batch {
      for from in 0..<inputs {
        var sum = 0.0
        for to in 0..<outputs {
          sum += Double(dy[sample * outputs + to]) * Double(weight[from * outputs + to])
        }
        dx[sample * inputs + from] = Float(sum)
      }
    }
  }

  public static func linearParameterGradients(
    _ shards: Shards, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?, scratch: MutableFloats
  ) {
    addShards(
      shards, weight: dw, weights: inputs * outputs, bias: db, biases: outputs, scratch: scratch
    ) { shard, dw, db in
      addParameterGradients(
        batch: shard.samples.count, inputs: inputs, outputs: outputs,
        x: x + shard.samples.lowerBound * inputs,
        dy: dy + shard.samples.lowerBound * outputs, weight: dw, bias: db)
    }
  }

  private static func addParameterGradients(
    batch: Int, inputs: Int, outputs: Int, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?
  ) {
    for from in 0..<inputs {
      for to in 0..<outputs {
        var sum = 0.0
        for sample in 0..<batch {
          sum += Double(x[sample * inputs + from]) * Double(dy[sample * outputs + to])
        }
        dw[from * outputs + to] += Float(sum)
      }
    }
    if let db { addColumnSums(ChannelRows(batch, channels: outputs), dy, into: db) }
  }

  public static func outerProducts(
    batch: Int, inputs: Int, outputs: Int, rows: Range<Int>, x: Floats, dy: Floats, weight dw: MutableFloats,
    bias db: MutableFloats?
  ) {
    for from in rows {
      for to in 0..<outputs {
        var sum = 0.0
        for sample in 0..<batch {
          sum += Double(x[sample * inputs + from]) * Double(dy[sample * outputs + to])
        }
        dw[(from - rows.lowerBound) * outputs + to] = Float(sum)
      }
    }
    guard let db else { return }
    for to in 0..<outputs { db[to] = 0 }
    addColumnSums(ChannelRows(batch, channels: outputs), dy, into: db)
  }
}
