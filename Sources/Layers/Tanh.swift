import Tensors

/// y = tanh(x). Any shape.
public struct Tanh: Layer {
  public var kind: String { "Tanh" }

  public init() {}

  public func outputShape(for input: Shape) -> Shape { input }

  public func lower(_ input: Value, into graph: inout Graph) -> Value {
    graph.append(TanhOperator(), to: input, shape: input.shape)
  }
}

struct TanhOperator: Operator {
  var keeps: Kept { .output }
  var worksInPlace: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.tanh(x.base, into: y.base, count: x.count)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.tanhGradient(dy.base, y: y.base, into: dx.base, count: dy.count)
  }
}
