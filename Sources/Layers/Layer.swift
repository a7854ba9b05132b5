import Tensors

/// A layer describes: a value without memory. Lowering it into a graph makes the operators that run it.
public protocol Layer: Sendable {
  /// The layer's kind, in PyTorch's word: `Conv2d`, `Linear`.
  var kind: String { get }

  /// The shape that one sample has behind the layer.
  func outputShape(for input: Shape) throws(ShapeError) -> Shape

  /// Appends the layer's operators and parameters to `graph`, reading `input`, and returns what they compute.
  func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value

  /// What the layer consists of.
  var structure: Structure { get }

  /// Multiplications with addition for one sample, counted as torchinfo does: each of the layer's parameters once, those of
  /// a convolution once at every position of the output.
  func multiplyAdds(parameters: Int, output: Shape) -> Int

  /// How many of the layer's parameters are used.
  func connectedParameters(of parameters: Int) -> Int

  /// Connections in the sense of LeCun et al. (1998): output positions x (connected weights + biases), for one sample.
  func connections(parameters: Int, output: Shape) -> Int
}

/// A layer met a sample that it cannot take.
public struct ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The layer as PyTorch would name it.
  public var layer: String
  /// Its place in the network, once that is known: `5.conv1`.
  public var path = ""
  /// What the layer takes.
  public var expected: String
  /// What it was given.
  public var found: Shape

  public init(layer: String, expected: String, found: Shape) {
    self.layer = layer
    self.expected = expected
    self.found = found
  }

  public var description: String {
    "\(layer)\(path.isEmpty ? "" : " \(path)") expects \(expected), found \(found)"
  }

  /// The same error, from within the module `name`.
  func at(_ name: String) -> ShapeError {
    var error = self
    error.path = path.isEmpty ? name : "\(name).\(path)"
    return error
  }
}
