import Kernels
import Tensors

/// The means of size x size cells of an image, as PyTorch's `AdaptiveAvgPool2d`; size 1 is the global average;
/// (N,H,W,C) to (N,size,size,C).
public struct AdaptiveAveragePool: Layer {
  public let size: Int
  public var kind: String { "AdaptiveAvgPool2d" }

  public init(_ size: Int) {
    precondition(size > 0, "an image is cut into at least one cell")
    self.size = size
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    guard !input.isFlat else { throw ShapeError(layer: kind, expected: "an image", found: input) }
    return AdaptiveCells(input: input, size: size).output
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let shape = try outputShape(for: input.shape)
    let op = AdaptiveAveragePoolOperator(cells: AdaptiveCells(input: input.shape, size: size))
    return graph.append(op, to: input, shape: shape)
  }
}

struct AdaptiveAveragePoolOperator: Operator {
  let cells: AdaptiveCells

  var keeps: Kept { [] }
  var addsInputGradient: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.adaptiveAveragePool(cells, batch: x.batch, x: x.base, into: y.base)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.adaptiveAveragePoolGradient(
      cells, batch: dy.batch, dy: dy.base, into: dx.base, adding: workspace.addsInputGradient)
  }
}
