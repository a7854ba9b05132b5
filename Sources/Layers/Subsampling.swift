import Kernels
import Tensors

/// Trainable subsampling of LeNet-5 (LeCun et al., 1998): y = sigmoid(w_c s + b_c), where s is the sum of each 2x2 window of
/// channel c; (N,H,W,C) to (N,H/2,W/2,C).
///
/// It starts as PyTorch's reference, from w = 1/4 and b = 0. Xavier's scheme starts it from w = 1 and b = -2: behind a sigmoid s
/// is 2 on average, so that this one begins in the middle of its slope of 1/4, and the signal keeps its size.
public struct Subsampling: Layer {
  public var kind: String { "Subsampling" }

  public init() {}

  private func geometry(for input: Shape) throws(ShapeError) -> WindowGeometry {
    guard !input.isFlat, let geometry = WindowGeometry(input: input, kernel: 2, stride: 2, padding: 0)
    else { throw windowError(kind, kernel: 2, padding: 0, found: input) }
    return geometry
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape { try geometry(for: input).output }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let geometry = try geometry(for: input.shape)
    let channels = input.shape.channels
    let op = SubsamplingOperator(
      geometry: geometry,
      weight: graph.parameter("weight", .vector(channels), role: .constant(0.25, xavier: 1)),
      bias: graph.parameter("bias", .vector(channels), role: .constant(0, xavier: -2)))
    return graph.append(op, to: input, shape: geometry.output)
  }

  /// Every unit adds up the four pixels of its window and a bias, although they share one weight.
  public func connections(parameters: Int, output: Shape) -> Int { output.count * (4 + 1) }
}

struct SubsamplingOperator: Operator {
  let geometry: WindowGeometry
  let weight: Slot
  let bias: Slot

  private var channels: Int { geometry.output.channels }
  private var row: Int { FloatBuffer.aligned(channels) }

  var keeps: Kept { .output }
  var addsInputGradient: Bool { true }

  /// The windows' means; their sums are four times as large.
  func saved(_ room: Shards) -> Int { room.samples * geometry.output.count }
  /// Factors, centre, sums and products of the channels, then means in evaluation, or places of shards' sums.
  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    4 * row
      + max(
        room.samples * geometry.output.count,
        kernels.shardScratch(room, weights: channels, biases: channels))
  }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    let factor = workspace.scratch
    let means = workspace.mode == .training ? workspace.saved : workspace.scratch + 4 * row
    let weight = workspace.parameter(weight)
    for channel in 0..<channels { factor[channel] = 4 * weight[channel] }
    workspace.kernels.averagePool(geometry, batch: x.batch, x: x.base, into: means)
    workspace.kernels.scaleAndShift(
      means, ChannelRows(y.pixels, channels: channels), scale: factor, shift: workspace.parameter(bias),
      activation: .identity, into: y.base)
    workspace.kernels.sigmoid(y.base, into: y.base, count: y.count)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    let kernels = workspace.kernels
    let pixels = ChannelRows(dy.pixels, channels: channels)
    let (factor, zeros) = (workspace.scratch, workspace.scratch + row)
    let (sums, products) = (workspace.scratch + 2 * row, workspace.scratch + 3 * row)
    let weight = workspace.parameter(weight)
    for channel in 0..<channels { (factor[channel], zeros[channel]) = (4 * weight[channel], 0) }
    kernels.sigmoidGradient(dy.base, y: y.base, into: dy.base, count: dy.count)
    kernels.addShards(
      workspace.shards, weight: workspace.gradient(self.weight), weights: channels,
      bias: workspace.gradient(bias), biases: channels, scratch: workspace.scratch + 4 * row
    ) { shard, weight, bias in
      let first = shard.samples.lowerBound * geometry.output.count
      kernels.scaleAndShiftSums(
        dy.base + first, x: workspace.saved + first,
        ChannelRows(shard.samples.count * geometry.output.positions, channels: channels), scale: factor,
        shift: zeros, activation: .identity, centre: zeros, sums: sums, products: products)
      for channel in 0..<channels {
        weight[channel] += 4 * products[channel]
        bias?[channel] += sums[channel]
      }
    }
    guard let dx else { return }
    kernels.scaleAndShift(
      dy.base, pixels, scale: factor, shift: zeros, activation: .identity, into: dy.base)
    kernels.averagePoolGradient(
      geometry, batch: dy.batch, dy: dy.base, into: dx.base, adding: workspace.addsInputGradient)
  }
}
