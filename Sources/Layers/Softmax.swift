import Kernels
import Tensors

/// y = exp(x) / sum of exp(x) over the vector, as PyTorch's `Softmax(dim=1)`; (N,K) unchanged. The loss contains its own.
public struct Softmax: Layer {
  public var kind: String { "Softmax" }

  public init() {}

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    guard input.isFlat else {
      throw ShapeError(layer: kind, expected: "a vector (Flatten() makes one)", found: input)
    }
    return input
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    graph.append(SoftmaxOperator(), to: input, shape: try outputShape(for: input.shape))
  }
}

struct SoftmaxOperator: Operator {
  var keeps: Kept { .output }
  var worksInPlace: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.softmax(batch: x.batch, classes: x.shape.count, x: x.base, into: y.base)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.softmaxGradient(
      batch: dy.batch, classes: dy.shape.count, dy: dy.base, y: y.base, into: dx.base)
  }
}
