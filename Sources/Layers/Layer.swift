import Tensors

/// A layer describes: a value without memory. Lowering it into a graph makes the operators that run it.
public protocol Layer: Sendable {
  /// The layer's kind, in PyTorch's word: `Conv2d`, `Linear`.
  var kind: String { get }

  /// The shape that one sample has behind the layer.
  func outputShape(for input: Shape) throws(ShapeError) -> Shape

  /// Appends the layer's operators and parameters to `graph`, reading `input`, and returns what they compute.
  func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value
}

/// A layer met a sample that it cannot take.
public struct ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The layer as PyTorch would name it, with its place in the network once that is known: `Linear 21`.
  public var layer: String
  /// What the layer takes.
  public var expected: String
  /// What it was given.
  public var found: Shape

  public init(layer: String, expected: String, found: Shape) {
    self.layer = layer
    self.expected = expected
    self.found = found
  }

  public var description: String { "\(layer) expects \(expected), found \(found)" }

  /// The same error with the layer's place in its network.
  func at(_ path: String) -> ShapeError {
    ShapeError(layer: "\(layer) \(path)", expected: expected, found: found)
  }
}
