import Tensors

/// Each layer reads everything before it and appends its channels (Huang et al., 2017, arXiv:1608.06993).
///
/// x(i+1) = [x(i), convolution(ReLU(norm(x(i))))], 3x3 with padding; (N,H,W,C) to (N,H,W,C + convolutions x growth). All
/// layers share one image: each writes its channels next to those that it read, and nothing is copied.
public struct DenseBlock: Layer {
  public var kind: String { "DenseBlock" }
  let convolutions: Int
  let growth: Int

  public init(convolutions: Int, growth: Int) {
    self.convolutions = convolutions
    self.growth = growth
  }

  private var layer: Sequential {
    Sequential {
      BatchNorm()
      ReLU()
      Conv2D(growth, kernel: 3, padding: 1)
    }
  }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    _ = try layer.outputShape(for: input)
    return Shape(
      height: input.height, width: input.width, channels: input.channels + convolutions * growth)
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let output = graph.reserve(try outputShape(for: input.shape))
    var channels = input.shape.channels
    graph.append(CopyOperator(), to: input, into: graph.slice(output, channels: 0..<channels))
    graph.enter("layers", ModuleList(), input)
    for index in 0..<convolutions {
      let before = graph.slice(output, channels: 0..<channels)
      let new = try layer.named("\(index)").lower(before, into: &graph)
      graph.append(CopyOperator(), to: new, into: graph.slice(output, channels: channels..<channels + growth))
      channels += growth
    }
    graph.leave(nil)
    return output
  }

  public var structure: Structure {
    .module(
      name: "layers", kind: ModuleList().kind,
      .sequence(
        (0..<convolutions).map { index in
          .branches([.sequence([]), layer.named("\(index)").structure], .concatenation)
        }))
  }
}

/// PyTorch's `ModuleList`: holds modules and computes nothing.
private struct ModuleList: Layer {
  var kind: String { "ModuleList" }
  func outputShape(for input: Shape) -> Shape { input }
  func lower(_ input: Value, into graph: inout Graph) -> Value { input }
}
