import Tensors

/// An image as a vector, as PyTorch's `Flatten`; a view, so it costs nothing. The order of PyTorch, (channels, rows,
/// columns), is restored by the layout of the weights behind it.
public struct Flatten: Layer {
  public var kind: String { "Flatten" }

  public init() {}

  public func outputShape(for input: Shape) -> Shape { input.flattened }

  public func lower(_ input: Value, into graph: inout Graph) -> Value {
    graph.view(input, as: input.shape.flattened)
  }
}
