import Kernels
import Tensors

/// The largest element of each window, channel by channel, as PyTorch's `MaxPool2d`; (N,H,W,C) to (N,H',W',C).
public struct MaxPool: Layer {
  public let kernel: Int
  public let stride: Int
  public let padding: Int
  public var kind: String { "MaxPool2d" }

  /// - Parameter stride: as large as the window unless given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    precondition(
      kernel <= 16 && padding <= kernel / 2, "places in a window are kept in a byte; padding is at most half")
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
  }

  private func geometry(for input: Shape) throws(ShapeError) -> WindowGeometry {
    guard !input.isFlat,
      let geometry = WindowGeometry(input: input, kernel: kernel, stride: stride, padding: padding)
    else { throw windowError(kind, kernel: kernel, padding: padding, found: input) }
    return geometry
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape { try geometry(for: input).output }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let geometry = try geometry(for: input.shape)
    return graph.append(MaxPoolOperator(geometry: geometry), to: input, shape: geometry.output)
  }
}

package struct MaxPoolOperator: Operator {
  let geometry: WindowGeometry
  package var activation = Activation.identity

  /// Whether 255 is free to say that no place of a window passes ReLU.
  var canActivate: Bool { geometry.kernel * geometry.kernel < 256 }

  package var keeps: Kept { [] }
  package var addsInputGradient: Bool { true }

  /// A byte for each output: which place of its window won.
  package func saved(_ room: Shards) -> Int { (room.samples * geometry.output.count + 3) / 4 }

  package func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    let argmax = workspace.mode == .training ? workspace.savedBytes : nil
    workspace.kernels.maxPool(
      geometry, batch: x.batch, x: x.base, activation: activation, into: y.base, argmax: argmax)
  }

  package func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    workspace.kernels.maxPoolGradient(
      geometry, batch: dy.batch, dy: dy.base, argmax: UnsafePointer(workspace.savedBytes), into: dx.base,
      adding: workspace.addsInputGradient)
  }
}
