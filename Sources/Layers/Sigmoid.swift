import Tensors

/// y = 1 / (1 + exp(-x)). Any shape.
public struct Sigmoid: Layer {
  public var kind: String { "Sigmoid" }

  public init() {}

  public func outputShape(for input: Shape) -> Shape { input }

  public func lower(_ input: Value, into graph: inout Graph) -> Value {
    graph.append(SigmoidOperator(), to: input, shape: input.shape)
  }
}

struct SigmoidOperator: Operator {
  var keeps: Kept { .output }
  var worksInPlace: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.sigmoid(x.base, into: y.base, count: x.count)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.sigmoidGradient(dy.base, y: y.base, into: dx.base, count: dy.count)
  }
}
