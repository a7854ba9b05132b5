import Kernels
import Tensors

/// The mean of each window, channel by channel, as PyTorch's `AvgPool2d`; (N,H,W,C) to (N,H',W',C).
public struct AveragePool: Layer {
  public let kernel: Int
  public let stride: Int
  public var kind: String { "AvgPool2d" }

  /// - Parameter stride: as large as the window unless given.
  public init(_ kernel: Int, stride: Int? = nil) {
    self.kernel = kernel
    self.stride = stride ?? kernel
  }

  private func geometry(for input: Shape) throws(ShapeError) -> WindowGeometry {
    guard !input.isFlat,
      let geometry = WindowGeometry(input: input, kernel: kernel, stride: stride, padding: 0)
    else { throw windowError(kind, kernel: kernel, padding: 0, found: input) }
    return geometry
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape { try geometry(for: input).output }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let geometry = try geometry(for: input.shape)
    return graph.append(AveragePoolOperator(geometry: geometry), to: input, shape: geometry.output)
  }
}

struct AveragePoolOperator: Operator {
  let geometry: WindowGeometry

  var keeps: Kept { [] }
  var addsInputGradient: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.averagePool(geometry, batch: x.batch, x: x.base, into: y.base)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.averagePoolGradient(
      geometry, batch: dy.batch, dy: dy.base, into: dx.base, adding: workspace.addsInputGradient)
  }
}
