import Kernels
import Tensors

/// A convolution of the batch itself, of one channel, with the function and the pooling behind it; it has no input gradient.
struct PooledConvolutionOperator: Operator {
  let stage: PooledConvolution
  let weight: Slot
  let bias: Slot

  var keeps: Kept { stage.pooling == .maximum && stage.function != .identity ? [.input, .output] : .input }

  func saved(_ room: Shards) -> Int { stage.saved(batch: room.samples) }
  func scratch(_ room: Shards, _ kernels: any KernelSet.Type) -> Int {
    kernels.pooledConvolutionScratch(stage, room)
  }

  var products: Int { stage.window.positions * stage.window.patch * stage.window.output.channels }
  func algorithm(_ kernels: any KernelSet.Type) -> String { kernels.pooledConvolutionAlgorithm }

  func forward(_ x: TensorView, into y: TensorView, _ workspace: Workspace) {
    workspace.kernels.pooledConvolution(
      stage, batch: x.batch, x: x.base, weight: workspace.parameter(weight), bias: workspace.parameter(bias),
      into: y.base, saved: workspace.mode == .training ? workspace.saved : nil, scratch: workspace.scratch)
  }

  func backward(
    _ dy: TensorView, into dx: TensorView?, x: TensorView, y: TensorView, _ workspace: Workspace
  ) {
    workspace.kernels.pooledConvolutionGradients(
      stage, workspace.shards, x: x.base, y: y.base, dy: dy.base, saved: workspace.saved,
      weight: workspace.gradient(weight), bias: workspace.gradient(bias), scratch: workspace.scratch)
  }
}

extension Graph {
  /// Makes one operator of a convolution of the batch itself, the function behind it and the pooling behind that, where nobody
  /// else reads what lies between them.
  mutating func fusePooledConvolutions() {
    let readers = readers
    /// The operator that alone reads what the operator at `index` alone writes.
    func next(_ index: Int) -> Int? {
      let value = nodes[index].output
      let writers = nodes.count { $0.output.storage == value.storage }
      guard writers == 1, readers[value.storage] == 1, value.storage != output.storage else { return nil }
      return nodes.indices.first { nodes[$0].input == value }
    }
    var dropped: Set<Int> = []
    for index in nodes.indices where nodes[index].input.storage == input.storage {
      guard let convolution = nodes[index].op as? ConvolutionOperator, var last = next(index) else {
        continue
      }
      var function: PooledConvolution.Function = convolution.activation == .relu ? .relu : .identity
      var between: Int?
      if function == .identity, let other = nodes[last].op.function, let after = next(last) {
        (function, between, last) = (other, last, after)
      }
      guard let pooling = nodes[last].op.pooling,
        let stage = PooledConvolution(convolution.geometry, function, pooling)
      else { continue }
      nodes[index].op = PooledConvolutionOperator(
        stage: stage, weight: convolution.weight, bias: convolution.bias)
      nodes[index].output = nodes[last].output
      dropped.insert(last)
      if let between { dropped.insert(between) }
    }
    nodes = nodes.indices.filter { !dropped.contains($0) }.map { nodes[$0] }
  }
}

extension Operator {
  /// The function that a ``PooledConvolution`` can take over.
  fileprivate var function: PooledConvolution.Function? {
    switch self {
    case is ReLUOperator: .relu
    case is SigmoidOperator: .sigmoid
    case is TanhOperator: .tanh
    default: nil
    }
  }

  /// The pooling of 2x2 windows that a ``PooledConvolution`` can take over.
  fileprivate var pooling: PooledConvolution.Pooling? {
    func isTwo(_ geometry: WindowGeometry) -> Bool {
      geometry.kernel == 2 && geometry.stride == 2 && geometry.padding == 0
    }
    switch self {
    case let pool as AveragePoolOperator where isTwo(pool.geometry): return .average
    case let pool as MaxPoolOperator where isTwo(pool.geometry) && pool.activation == .identity:
      return .maximum
    default: return nil
    }
  }
}
