import Tensors

/// Branches over the same input, their channels one behind the other, as `torch.cat(..., 1)`; (N,H,W,C) to (N,H',W',sum of D).
public struct Concat: Layer {
  public let kind: String
  let branches: [[any Layer]]

  /// - Parameter kind: the block's class in PyTorch.
  public init(_ kind: String, _ branches: [[any Layer]]) {
    precondition(!branches.isEmpty, "a concatenation has branches")
    self.kind = kind
    self.branches = branches
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    var shape = try branches[0].outputShape(for: input)
    for branch in branches.dropFirst() {
      let next = try branch.outputShape(for: input)
      guard (next.height, next.width) == (shape.height, shape.width), !next.isFlat else {
        throw ShapeError(layer: kind, expected: "branches of \(shape.height)x\(shape.width)", found: next)
      }
      shape.channels += next.channels
    }
    return shape
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let output = graph.reserve(try outputShape(for: input.shape))
    var channel = 0
    for branch in branches {
      let part = try branch.lower(input, into: &graph)
      let next = channel + part.shape.channels
      graph.append(CopyOperator(), to: part, into: graph.slice(output, channels: channel..<next))
      channel = next
    }
    return output
  }

  public var structure: Structure { .branches(branches.map(\.structure), .concatenation) }
}
