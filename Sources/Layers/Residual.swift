import Kernels
import Tensors

/// y = main(x) + shortcut(x) (He et al., 2016, arXiv:1512.03385); an empty shortcut is x itself.
public struct Residual: Layer {
  public var kind: String { "Residual" }
  let main: [any Layer]
  let shortcut: [any Layer]
  let after: [any Layer]

  /// - Parameters:
  ///   - main: ends in a layer whose result nobody else needs: a convolution or a normalisation.
  ///   - after: what follows the sum within the block.
  public init(
    @LayerBuilder _ main: () -> [any Layer], @LayerBuilder shortcut: () -> [any Layer],
    @LayerBuilder after: () -> [any Layer]
  ) {
    self.main = main()
    self.shortcut = shortcut()
    self.after = after()
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    let sum = try main.outputShape(for: input)
    let other = try shortcut.outputShape(for: input)
    guard sum == other else { throw ShapeError(layer: kind, expected: "a shortcut of \(sum)", found: other) }
    return try after.outputShape(for: sum)
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    _ = try outputShape(for: input.shape)
    let sum = try main.lower(input, into: &graph)
    let other = try shortcut.lower(input, into: &graph)
    graph.append(AddOperator(), to: other, into: sum)
    return try after.lower(sum, into: &graph)
  }

  public var structure: Structure {
    .sequence([.branches([main.structure, shortcut.structure], .sum), after.structure])
  }
}

/// y = activation(y + x).
struct AddOperator: ActivationFusing {
  var activation = Activation.identity

  var keeps: Kept { activation == .identity ? [] : .output }
  var addsToOutput: Bool { true }
  var addsInputGradient: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.addAndActivate(x.base, into: y.base, count: x.count, activation: activation)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    activation.backward(dy, y: y, workspace.kernels)
    guard let dx else { return }
    workspace.kernels.copyRows(
      dy.base, ChannelRows(1, channels: dy.count), into: dx.base, stride: dy.count,
      adding: workspace.addsInputGradient)
  }
}
