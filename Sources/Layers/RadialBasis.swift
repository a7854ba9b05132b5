import Kernels
import Tensors

/// The output of LeNet-5 (LeCun et al., 1998): y_k = -sum over i of (x_i - w_ki)^2, so that the nearest code has the largest
/// logit; (N,I) to (N,K). The codes start as 1 and -1 by chance and are trained.
public struct RadialBasis: Layer {
  public let classes: Int
  public var kind: String { "RBF" }

  public init(_ classes: Int) { self.classes = classes }

  public func outputShape(for input: Shape) throws(ShapeError) -> Shape {
    // The codes are kept in PyTorch's order, which is that of memory only where no image was flattened.
    guard input.isFlat, input.count == input.channels else {
      throw ShapeError(layer: kind, expected: "the outputs of a linear layer", found: input)
    }
    return .vector(classes)
  }

  public func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value {
    let shape = try outputShape(for: input.shape)
    let inputs = input.shape.count
    let weight = graph.parameter("weight", .matrix(rows: classes, columns: inputs), role: .sign)
    return graph.append(
      RadialBasisOperator(inputs: inputs, classes: classes, weight: weight), to: input, shape: shape)
  }
}

struct RadialBasisOperator: Operator {
  let inputs: Int
  let classes: Int
  let weight: Slot

  var keeps: Kept { .input }

  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    kernels.shardScratch(room, weights: weight.count, biases: 0)
  }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.radialBasis(
      batch: x.batch, inputs: inputs, classes: classes, x: x.base, weight: workspace.parameter(weight),
      into: y.base)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    workspace.kernels.addShards(
      workspace.shards, weight: workspace.gradient(weight), weights: weight.count, bias: nil, biases: 0,
      scratch: workspace.scratch
    ) { shard, gradient, _ in
      workspace.kernels.radialBasisParameterGradients(
        batch: shard.samples.count, inputs: inputs, classes: classes,
        x: x.base + shard.samples.lowerBound * inputs,
        weight: workspace.parameter(weight), dy: dy.base + shard.samples.lowerBound * classes,
        weight: gradient)
    }
    guard let dx else { return }
    workspace.kernels.radialBasisInputGradient(
      batch: x.batch, inputs: inputs, classes: classes, x: x.base, weight: workspace.parameter(weight),
      dy: dy.base, into: dx.base)
  }
}
