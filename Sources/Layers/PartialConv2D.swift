import Kernels
import Tensors

/// A convolution in which each output channel sees some of the input channels only: C3 of LeNet-5 (LeCun et al., 1998, table I).
///
/// The weight is kept dense, as in PyTorch's reference; what is stored for a missing connection is never used and gets no
/// gradient.
public struct PartialConv2D: Layer {
  /// The input channels that each output channel sees.
  public let table: [[Int]]
  public let kernel: Int
  let gain: Float
  public var kind: String { "PartialConv2d" }

  /// - Parameter gain: see ``Parameter/gain``.
  public init(_ table: [[Int]], kernel: Int, gain: Float = 1) {
    self.table = table
    self.kernel = kernel
    self.gain = gain
  }

  private var inputs: Int { (table.joined().max() ?? -1) + 1 }

  private func geometry(for input: Shape) throws(ShapeError) -> WindowGeometry {
    guard input.channels == inputs else {
      throw ShapeError(layer: kind, expected: "\(inputs) channels", found: input)
    }
    guard !input.isFlat,
      let geometry = WindowGeometry(
        input: input, kernel: kernel, stride: 1, padding: 0, channels: table.count)
    else { throw windowError(kind, kernel: kernel, padding: 0, found: input) }
    return geometry
  }

  /// Weights and biases that are connected.
  public var connectedParameters: Int { table.joined().count * kernel * kernel + table.count }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape { try geometry(for: input).output }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let geometry = try geometry(for: input.shape)
    let (fanIn, fanOut) = (geometry.patch, kernel * kernel * table.count)
    let weight = graph.parameter(
      "weight", .filters(kernel: kernel, inputs: inputs, outputs: table.count), role: .weight, fanIn: fanIn,
      fanOut: fanOut, gain: gain)
    let bias = graph.parameter("bias", .vector(table.count), role: .bias, fanIn: fanIn, fanOut: fanOut)
    // In memory a filter is (rows, columns, in, out).
    let isConnected = (0..<kernel * kernel).flatMap { _ in
      (0..<inputs).flatMap { input in table.map { $0.contains(input) } }
    }
    let op = PartialConvolutionOperator(
      geometry: geometry, weight: weight, bias: bias, isConnected: isConnected)
    return graph.append(op, to: input, shape: geometry.output)
  }

  public func multiplyAdds(parameters: Int, output: Shape) -> Int { output.positions * parameters }

  public func connectedParameters(of parameters: Int) -> Int { connectedParameters }
}

struct PartialConvolutionOperator: Operator {
  let geometry: WindowGeometry
  let weight: Slot
  let bias: Slot
  let isConnected: [Bool]

  var keeps: Kept { .input }
  var addsInputGradient: Bool { true }

  /// The masked weight or its gradient, then what the convolution needs.
  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    FloatBuffer.aligned(weight.count) + kernels.convolutionScratch(geometry, room)
  }

  var products: Int { geometry.positions * geometry.patch * geometry.output.channels }

  func algorithm(_ kernels: any KernelSet.Type) -> String { kernels.convolutionAlgorithm(geometry) }

  private func maskedWeight(_ workspace: Workspace) -> UnsafePointer<Float> {
    let weight = workspace.parameter(weight)
    for (index, isConnected) in isConnected.enumerated() {
      workspace.scratch[index] = isConnected ? weight[index] : 0
    }
    return UnsafePointer(workspace.scratch)
  }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.convolve(
      geometry, batch: x.batch, x: x.base, weight: maskedWeight(workspace), bias: workspace.parameter(bias),
      activation: .identity, into: y.base, scratch: workspace.scratch + FloatBuffer.aligned(weight.count))
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    let kernels = workspace.kernels
    let scratch = workspace.scratch + FloatBuffer.aligned(weight.count)
    let dense = workspace.scratch
    kernels.fill(dense, count: weight.count, value: 0)
    kernels.convolutionParameterGradients(
      geometry, workspace.shards, x: x.base, dy: dy.base, weight: dense, bias: workspace.gradient(bias),
      scratch: scratch)
    let gradient = workspace.gradient(weight)
    for (index, isConnected) in isConnected.enumerated() where isConnected { gradient[index] += dense[index] }
    guard let dx else { return }
    kernels.convolutionInputGradient(
      geometry, batch: x.batch, dy: dy.base, weight: maskedWeight(workspace), into: dx.base,
      adding: workspace.addsInputGradient, gate: nil, scratch: scratch)
  }
}
