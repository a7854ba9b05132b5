import Tensors

/// Layers one after the other. Like PyTorch's `Sequential`, it names each by its position: `0`, `1`, ...
public struct Sequential: Layer {
  public let layers: [any Layer]
  public var kind: String { "Sequential" }

  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    var shape = input
    for (index, layer) in layers.enumerated() {
      shape = try layer.named("\(index)").outputShape(for: shape)
    }
    return shape
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    var value = input
    for (index, layer) in layers.enumerated() {
      value = try layer.named("\(index)").lower(value, into: &graph)
    }
    return value
  }

  public var structure: Structure {
    .sequence(layers.enumerated().map { index, layer in layer.named("\(index)").structure })
  }
}

/// Collects the layers that a closure lists; loops and conditions add what they list, in order.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
}
