import Tensors

/// y = max(x, 0). Any shape.
public struct ReLU: Layer {
  public var kind: String { "ReLU" }

  public init() {}

  public func outputShape(for input: Shape) -> Shape { input }

  public func lower(_ input: Value, into graph: inout Graph) -> Value {
    graph.append(ReLUOperator(), to: input, shape: input.shape)
  }
}

struct ReLUOperator: Operator {
  var keeps: Kept { .output }
  var worksInPlace: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.relu(x.base, into: y.base, count: x.count)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.reluGradient(dy.base, y: y.base, into: dx.base, count: dy.count)
  }
}
