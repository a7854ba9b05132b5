import Kernels
import Tensors

/// Batch normalisation over images, as PyTorch's `BatchNorm2d` (Ioffe and Szegedy, 2015, arXiv:1502.03167); (N,H,W,C) unchanged.
///
/// y = (x - mean) / sqrt(variance + epsilon) weight + bias, channel by channel. Training takes mean and biased variance of the
/// samples of a shard, and moves the running mean and the unbiased running variance by a tenth towards them;
/// evaluation takes the running ones.
public struct BatchNorm: Layer {
  /// What keeps a variance of zero from being divided by.
  public static let epsilon: Float = 1e-5
  public var kind: String { "BatchNorm2d" }

  public init() {}

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    guard !input.isFlat else { throw ShapeError(layer: kind, expected: "an image", found: input) }
    return input
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let shape = try outputShape(for: input.shape)
    let channels = shape.channels
    let op = BatchNormOperator(
      channels: channels,
      weight: graph.parameter("weight", .vector(channels), role: .constant(1)),
      bias: graph.parameter("bias", .vector(channels), role: .constant(0)),
      runningMean: graph.statistic("running_mean", channels: channels, start: 0),
      runningVariance: graph.statistic("running_var", channels: channels, start: 1))
    graph.counter("num_batches_tracked")
    return graph.append(op, to: input, shape: shape)
  }
}

struct BatchNormOperator: ActivationFusing {
  let channels: Int
  let weight: Slot
  let bias: Slot
  let runningMean: Slot
  let runningVariance: Slot
  var activation = Activation.identity

  // ReLU's side is found again from x, so y need not be kept.
  var keeps: Kept { .input }
  var addsInputGradient: Bool { true }
  var readsSlices: Bool { true }

  /// What a pass works out for each channel, in rows of the saved or the scratch buffer.
  private struct Rows {
    let base: UnsafeMutablePointer<Float>
    let length: Int
    subscript(row: Int) -> UnsafeMutablePointer<Float> { base + row * length }
  }

  private var row: Int { FloatBuffer.aligned(channels) }

  /// Mean, 1 / deviation, scale and shift, of each shard.
  func saved(_ room: Shards) -> Int { room.count * 4 * row }
  /// Two sums and three factors, and places of shards' sums.
  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    5 * row + kernels.shardScratch(room, weights: channels, biases: channels)
  }

  private func saved(_ shard: Shard, _ workspace: Workspace) -> Rows {
    Rows(base: workspace.saved + shard.index * 4 * row, length: row)
  }

  /// Rows of the pixels of some samples of `x`, and where they begin.
  private func pixels(_ x: TensorView, _ samples: Range<Int>) -> (
    base: UnsafeMutablePointer<Float>, ChannelRows
  ) {
    (
      x.base + samples.lowerBound * x.shape.positions * x.stride,
      ChannelRows(samples.count * x.shape.positions, channels: channels, stride: x.stride)
    )
  }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    guard workspace.mode == .training else { return evaluate(x, into: y, workspace) }
    let statistics = workspace.statisticSums
    workspace.kernels.addShards(
      workspace.shards, weight: statistics + runningMean.offset, weights: channels,
      bias: statistics + runningVariance.offset, biases: channels, scratch: workspace.scratch + 5 * row
    ) { shard, runningMean, runningVariance in
      let saved = saved(shard, workspace)
      let (mean, inverse, scale, shift) = (saved[0], saved[1], saved[2], saved[3])
      let (x, rows) = pixels(x, shard.samples)
      workspace.kernels.channelMoments(x, rows, mean: mean, variance: inverse)
      let unbiased = shard.share * Float(rows.count) / Float(max(rows.count - 1, 1))
      for channel in 0..<channels {
        runningMean[channel] += shard.share * mean[channel]
        runningVariance?[channel] += unbiased * inverse[channel]
        inverse[channel] = 1 / (inverse[channel] + BatchNorm.epsilon).squareRoot()
      }
      fold(mean: mean, inverse: inverse, scale: scale, shift: shift, workspace)
      workspace.kernels.scaleAndShift(
        x, rows, scale: scale, shift: shift, activation: activation, into: pixels(y, shard.samples).base)
    }
  }

  private func evaluate(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    let scratch = Rows(base: workspace.scratch, length: row)
    let (scale, shift) = (scratch[0], scratch[1])
    let variance = workspace.statistics + runningVariance.offset
    for channel in 0..<channels { scale[channel] = 1 / (variance[channel] + BatchNorm.epsilon).squareRoot() }
    fold(
      mean: workspace.statistics + runningMean.offset, inverse: scale, scale: scale, shift: shift, workspace)
    let (base, rows) = pixels(x, 0..<x.batch)
    workspace.kernels.scaleAndShift(
      base, rows, scale: scale, shift: shift, activation: activation, into: y.base)
  }

  /// scale = weight inverse; shift = bias - mean scale.
  private func fold(
    mean: UnsafePointer<Float>, inverse: UnsafePointer<Float>, scale: UnsafeMutablePointer<Float>,
    shift: UnsafeMutablePointer<Float>, _ workspace: Workspace
  ) {
    let (weight, bias) = (workspace.parameter(weight), workspace.parameter(bias))
    for channel in 0..<channels {
      scale[channel] = weight[channel] * inverse[channel]
      shift[channel] = bias[channel] - mean[channel] * scale[channel]
    }
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    let scratch = Rows(base: workspace.scratch, length: row)
    let (sums, products, a, b, c) = (scratch[0], scratch[1], scratch[2], scratch[3], scratch[4])
    workspace.kernels.addShards(
      workspace.shards, weight: workspace.gradient(weight), weights: channels,
      bias: workspace.gradient(bias), biases: channels, scratch: workspace.scratch + 5 * row
    ) { shard, weight, bias in
      let saved = saved(shard, workspace)
      let (mean, inverse, scale, shift) = (saved[0], saved[1], saved[2], saved[3])
      let (x, rows) = pixels(x, shard.samples)
      let dy = pixels(dy, shard.samples).base
      workspace.kernels.scaleAndShiftSums(
        dy, x: x, rows, scale: scale, shift: shift, activation: activation, centre: mean, sums: sums,
        products: products)
      let share = 1 / Float(max(rows.count, 1))
      for channel in 0..<channels {
        let normalised = products[channel] * inverse[channel]
        weight[channel] += normalised
        bias?[channel] += sums[channel]
        a[channel] = scale[channel]
        b[channel] = -scale[channel] * inverse[channel] * normalised * share
        c[channel] = -scale[channel] * sums[channel] * share - b[channel] * mean[channel]
      }
      if let dx {
        workspace.kernels.scaleAndShiftGradient(
          dy, x: x, rows, scale: scale, shift: shift, activation: activation, a: a, b: b, c: c,
          into: pixels(dx, shard.samples).base, adding: workspace.addsInputGradient)
      }
    }
  }
}
