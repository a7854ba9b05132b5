import Tensors

/// A layer under the name that its block gives it, as an attribute of a PyTorch module.
public struct Named: Layer {
  let name: String
  let layer: any Layer
  public var kind: String { layer.kind }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    do { return try layer.outputShape(for: input) } catch { throw error.at(name) }
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    graph.enter(name, layer, input)
    do {
      let output = try layer.lower(input, into: &graph)
      graph.leave(output)
      return output
    } catch { throw error.at(name) }
  }

  public var structure: Structure { .module(name: name, kind: kind, layer.structure) }
}

extension Layer {
  /// This layer as a module of its own within a block; without a name it is only a function there.
  public func named(_ name: String) -> Named { Named(name: name, layer: self) }
}

extension [any Layer] {
  /// The shape behind all of them.
  func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    var shape = input
    for layer in self { shape = try layer.outputShape(for: shape) }
    return shape
  }

  /// Lowers one after the other.
  func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    var value = input
    for layer in self { value = try layer.lower(value, into: &graph) }
    return value
  }
}
