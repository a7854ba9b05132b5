import Kernels
import Tensors

/// 2-D convolution (cross-correlation) with square filters and zero padding, as PyTorch's `Conv2d`.
///
/// y[n,p,q,d] = b[d] + sum over i,j,c of x[n, p s + i - padding, q s + j - padding, c] w[i,j,c,d]; (N,H,W,C) to (N,H',W',D).
public struct Conv2D: Layer {
  public let channels: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int
  let gain: Float
  public var kind: String { "Conv2d" }

  /// - Parameters:
  ///   - channels: how many filters, and so output channels; the input's are inferred.
  ///   - gain: see ``Parameter/gain``.
  public init(_ channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, gain: Float = 1) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.gain = gain
  }

  private func geometry(for input: Shape) throws(ShapeError) -> WindowGeometry {
    guard !input.isFlat,
      let geometry = WindowGeometry(
        input: input, kernel: kernel, stride: stride, padding: padding, channels: channels)
    else { throw windowError(kind, kernel: kernel, padding: padding, found: input) }
    return geometry
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape { try geometry(for: input).output }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let geometry = try geometry(for: input.shape)
    let (fanIn, fanOut) = (geometry.patch, kernel * kernel * channels)
    let weight = graph.parameter(
      "weight", .filters(kernel: kernel, inputs: input.shape.channels, outputs: channels), role: .weight,
      fanIn: fanIn, fanOut: fanOut, gain: gain)
    let bias = graph.parameter("bias", .vector(channels), role: .bias, fanIn: fanIn, fanOut: fanOut)
    let op = ConvolutionOperator(geometry: geometry, weight: weight, bias: bias)
    return graph.append(op, to: input, shape: geometry.output)
  }

  public func multiplyAdds(parameters: Int, output: Shape) -> Int { output.positions * parameters }
}

/// What windowed layers say about an image that their window does not fit.
func windowError(_ kind: String, kernel: Int, padding: Int, found: Shape) -> ShapeError {
  let padded = padding > 0 ? " (with padding \(padding))" : ""
  return ShapeError(
    layer: kind, expected: "an image of at least \(kernel)x\(kernel)\(padded)", found: found)
}

struct ConvolutionOperator: ActivationFusing {
  let geometry: WindowGeometry
  let weight: Slot
  let bias: Slot
  var activation = Activation.identity
  /// Whether the input is what a ReLU computed whose backward this operator does, once the gradient is complete.
  var gatesInput = false
  /// Whether the first operator that reads the result does the backward of its ReLU.
  var isGated = false

  var keeps: Kept { activation == .identity || isGated ? .input : [.input, .output] }

  var addsInputGradient: Bool { true }
  var writesSlices: Bool { true }

  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    kernels.convolutionScratch(geometry, room)
  }

  var products: Int { geometry.positions * geometry.patch * geometry.output.channels }

  func algorithm(_ kernels: any KernelSet.Type) -> String { kernels.convolutionAlgorithm(geometry) }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.convolve(
      geometry.spaced(y.stride), batch: x.batch, x: x.base, weight: workspace.parameter(weight),
      bias: workspace.parameter(bias),
      activation: activation, into: y.base, scratch: workspace.scratch)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    if !isGated { activation.backward(dy, y: y, workspace.kernels) }
    let geometry = geometry.spaced(dy.stride)
    workspace.kernels.convolutionParameterGradients(
      geometry, workspace.shards, x: x.base, dy: dy.base, weight: workspace.gradient(weight),
      bias: workspace.gradient(bias), scratch: workspace.scratch)
    guard let dx else { return }
    workspace.kernels.convolutionInputGradient(
      geometry, batch: x.batch, dy: dy.base, weight: workspace.parameter(weight), into: dx.base,
      adding: workspace.addsInputGradient, gate: gatesInput ? UnsafePointer(x.base) : nil,
      scratch: workspace.scratch)
  }
}

extension Activation {
  /// Turns the gradient behind a fused activation into the one before it, in place.
  func backward(_ dy: TensorView, y: TensorView, _ kernels: any KernelSet.Type) {
    guard self == .relu else { return }
    // A slice goes pixel by pixel, anything else in one run.
    let isSlice = dy.stride != dy.shape.channels
    let (runs, count) = isSlice ? (dy.pixels, dy.shape.channels) : (1, dy.count)
    for run in 0..<runs {
      let (dy, y) = (dy.base + run * dy.stride, y.base + run * y.stride)
      kernels.reluGradient(dy, y: y, into: dy, count: count)
    }
  }
}
