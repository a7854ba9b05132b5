import Tensors

/// Zeroes each element with probability p and scales the others by 1 / (1 - p) while training (Srivastava et al., 2014).
///
/// Which elements drop depends on the seed, the step, the sample's position in the global batch and the element alone,
/// so backward works the mask out again instead of keeping it.
public struct Dropout: Layer {
  public let probability: Double
  public var kind: String { "Dropout" }

  public init(_ probability: Double) {
    precondition(
      probability >= 0 && probability < 1, "a probability of dropping is 0 or more, and less than 1")
    self.probability = probability
  }

  public func outputShape(for input: Shape) -> Shape { input }

  public func lower(_ input: Value, into graph: inout Graph) -> Value {
    guard let op = DropoutOperator(probability: graph.dropout ?? probability, layer: graph.randomLayers)
    else {
      return input
    }
    graph.randomLayers += 1
    return graph.append(op, to: input, shape: input.shape)
  }
}

struct DropoutOperator: Operator {
  let threshold: UInt32
  let scale: Float
  /// Tells the network's dropout layers apart.
  let layer: Int

  /// - Returns: nil where nothing ever drops.
  init?(probability: Double, layer: Int) {
    guard probability > 0 else { return nil }
    threshold = UInt32((probability * 0x1p32).rounded())
    scale = Float(1 / (1 - probability))
    self.layer = layer
  }

  var keeps: Kept { [] }
  var worksInPlace: Bool { true }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    guard workspace.mode == .training else {
      if x.base != y.base { y.base.update(from: x.base, count: x.count) }
      return
    }
    apply(x, into: y, workspace)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    guard let dx else { return }
    apply(dy, into: dx, workspace)
  }

  private func apply(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    let count = x.shape.count
    for sample in 0..<x.batch {
      let random = RandomStream(
        seed: workspace.samples.seed, .dropout, layer: layer, time: workspace.samples.step,
        sample: workspace.samples.firstPosition + sample)
      workspace.kernels.dropout(
        x.base + sample * count, into: y.base + sample * count, count: count, random: random,
        threshold: threshold, scale: scale)
    }
  }
}
