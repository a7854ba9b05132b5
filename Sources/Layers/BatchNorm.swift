import Kernels
import Tensors

/// Batch normalisation over images, as PyTorch's `BatchNorm2d` (Ioffe and Szegedy, 2015, arXiv:1502.03167); (N,H,W,C) unchanged.
///
/// y = (x - mean) / sqrt(variance + epsilon) weight + bias, channel by channel. Training takes mean and biased variance of the
/// samples that are computed together, and moves the running mean and the unbiased running variance by a tenth towards them;
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

  /// Mean, 1 / deviation, scale and shift.
  func saved(batch: Int) -> Int { 4 * row }
  /// Scale and shift in evaluation; two sums and three factors in backward.
  func scratch(batch: Int, _ kernels: any KernelSet.Type) -> Int { 5 * row }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    let pixels = ChannelRows(x.pixels, channels: channels, stride: x.stride)
    let (scale, shift): (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
    switch workspace.mode {
    case .training:
      let saved = Rows(base: workspace.saved, length: row)
      let (mean, inverse) = (saved[0], saved[1])
      (scale, shift) = (saved[2], saved[3])
      workspace.kernels.channelMoments(x.base, pixels, mean: mean, variance: inverse)
      addStatistics(mean: mean, variance: inverse, count: pixels.count, workspace)
      for channel in 0..<channels {
        inverse[channel] = 1 / (inverse[channel] + BatchNorm.epsilon).squareRoot()
      }
      fold(mean: mean, inverse: inverse, scale: scale, shift: shift, workspace)
    case .evaluation:
      let scratch = Rows(base: workspace.scratch, length: row)
      (scale, shift) = (scratch[0], scratch[1])
      let variance = workspace.statistics + runningVariance.offset
      for channel in 0..<channels {
        scale[channel] = 1 / (variance[channel] + BatchNorm.epsilon).squareRoot()
      }
      fold(
        mean: workspace.statistics + runningMean.offset, inverse: scale, scale: scale, shift: shift, workspace
      )
    }
    workspace.kernels.scaleAndShift(
      x.base, pixels, scale: scale, shift: shift, activation: activation, into: y.base)
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

  /// Adds this batch's part of the step's statistics.
  private func addStatistics(
    mean: UnsafePointer<Float>, variance: UnsafePointer<Float>, count: Int, _ workspace: Workspace
  ) {
    let share = workspace.samples.share
    let unbiased = share * Float(count) / Float(max(count - 1, 1))
    let sums = workspace.statisticSums
    for channel in 0..<channels {
      sums[runningMean.offset + channel] += share * mean[channel]
      sums[runningVariance.offset + channel] += unbiased * variance[channel]
    }
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    let pixels = ChannelRows(x.pixels, channels: channels, stride: x.stride)
    let saved = Rows(base: workspace.saved, length: row)
    let (mean, inverse, scale, shift) = (saved[0], saved[1], saved[2], saved[3])
    let scratch = Rows(base: workspace.scratch, length: row)
    let (sums, products, a, b, c) = (scratch[0], scratch[1], scratch[2], scratch[3], scratch[4])
    workspace.kernels.scaleAndShiftSums(
      dy.base, x: x.base, pixels, scale: scale, shift: shift, activation: activation, centre: mean,
      sums: sums, products: products)
    let (weight, bias) = (workspace.gradient(weight), workspace.gradient(bias))
    let share = 1 / Float(max(pixels.count, 1))
    for channel in 0..<channels {
      let normalised = products[channel] * inverse[channel]
      weight[channel] += normalised
      bias[channel] += sums[channel]
      a[channel] = scale[channel]
      b[channel] = -scale[channel] * inverse[channel] * normalised * share
      c[channel] = -scale[channel] * sums[channel] * share - b[channel] * mean[channel]
    }
    guard let dx else { return }
    workspace.kernels.scaleAndShiftGradient(
      dy.base, x: x.base, pixels, scale: scale, shift: shift, activation: activation, a: a, b: b, c: c,
      into: dx.base, adding: workspace.addsInputGradient)
  }
}
