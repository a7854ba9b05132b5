import Kernels
import Tensors

/// Fully connected layer, as PyTorch's `Linear`: y = x w + b; (N,I) to (N,O).
public struct Linear: Layer {
  public let outputs: Int
  let gain: Float
  public var kind: String { "Linear" }

  /// - Parameters:
  ///   - outputs: length of the result; the input's is inferred.
  ///   - gain: see ``Parameter/gain``.
  public init(_ outputs: Int, gain: Float = 1) {
    self.outputs = outputs
    self.gain = gain
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    guard input.isFlat else {
      throw ShapeError(layer: kind, expected: "a vector (Flatten() makes one)", found: input)
    }
    return .vector(outputs)
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let shape = try outputShape(for: input.shape)
    let inputs = input.shape.count
    let weight = graph.parameter(
      "weight", .linear(input: input.shape, outputs: outputs), role: .weight, fanIn: inputs, fanOut: outputs,
      gain: gain)
    let bias = graph.parameter("bias", .vector(outputs), role: .bias, fanIn: inputs, fanOut: outputs)
    let op = LinearOperator(inputs: inputs, outputs: outputs, weight: weight, bias: bias)
    return graph.append(op, to: input, shape: shape)
  }
}

struct LinearOperator: ActivationFusing {
  let inputs: Int
  let outputs: Int
  let weight: Slot
  let bias: Slot
  var activation = Activation.identity

  var keeps: Kept { activation == .identity ? .input : [.input, .output] }
  var products: Int { inputs * outputs }

  func algorithm(_ kernels: any KernelSet.Type) -> String {
    kernels.linearAlgorithm(inputs: inputs, outputs: outputs)
  }

  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    kernels.linearScratch(room, inputs: inputs, outputs: outputs)
  }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.linear(
      batch: x.batch, inputs: inputs, outputs: outputs, x: x.base, weight: workspace.parameter(weight),
      bias: workspace.parameter(bias), activation: activation, into: y.base,
      scratch: workspace.scratch)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    activation.backward(dy, y: y, workspace.kernels)
    if let factors = workspace.factors {
      factors.keep(x, dy, workspace.shards, workspace.kernels)
    } else {
      workspace.kernels.linearParameterGradients(
        workspace.shards, inputs: inputs, outputs: outputs, x: x.base, dy: dy.base,
        weight: workspace.gradient(weight), bias: workspace.gradient(bias),
        scratch: workspace.scratch)
    }
    guard let dx else { return }
    workspace.kernels.linearInputGradient(
      batch: x.batch, inputs: inputs, outputs: outputs, dy: dy.base, weight: workspace.parameter(weight),
      into: dx.base, scratch: workspace.scratch)
  }
}
