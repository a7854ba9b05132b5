import Tensors

/// A value that flows between operators: which storage holds it, and its shape there.
///
/// A view, such as the result of ``Flatten``, is another value on the same storage.
public struct Value: Hashable, Sendable {
  let storage: Int
  public let shape: Shape
}

/// The operators of a network in the order in which they run, with the parameters they own.
public struct Graph: Sendable {
  struct Node: Sendable {
    /// The layer's place in the network: `3`, or `5.conv1` inside a block.
    var name: String
    var kind: String
    var op: any Operator
    var input: Value
    var output: Value
    /// Offset of the first parameter that belongs to this operator or to a later one.
    var firstParameter: Int
  }

  /// What the first operator reads: the batch.
  public let input: Value
  private(set) var nodes: [Node] = []
  /// Every parameter, in the order of PyTorch's `state_dict`.
  public private(set) var parameters: [Parameter] = []
  /// Length of the flat buffers, each slot rounded up to whole cache lines.
  public private(set) var parameterCount = 0
  private(set) var storages = 1
  /// Parameters below it belong to operators that are already there.
  private var claimed = 0
  private var path: [String] = []
  /// Replaces every dropout probability where given.
  let dropout: Double?
  /// How many layers draw random numbers so far; tells their streams apart.
  var randomLayers = 0

  /// A graph that computes `model` from a sample of shape `input`.
  ///
  /// - Parameter dropout: replaces the probability of every dropout layer.
  public init(_ model: some Layer, input: Shape, dropout: Double? = nil) throws(ShapeError) {
    self.input = Value(storage: 0, shape: input)
    self.dropout = dropout
    _ = try model.lower(self.input, into: &self)
    fuseActivations()
  }

  /// Begins a layer's names.
  mutating func enter(_ name: String) { path.append(name) }
  /// Ends a layer's names.
  mutating func leave() { path.removeLast() }

  /// Reserves a parameter of the layer being lowered.
  mutating func parameter(
    _ name: String, _ layout: ParameterLayout, role: Parameter.Role, fanIn: Int, fanOut: Int
  ) -> Slot {
    let slot = Slot(offset: parameterCount, count: layout.count)
    parameters.append(
      Parameter(
        name: (path + [name]).joined(separator: "."), slot: slot, layout: layout, role: role, fanIn: fanIn,
        fanOut: fanOut))
    parameterCount += FloatBuffer.aligned(layout.count)
    return slot
  }

  /// Appends an operator that computes a value of `shape` from `input`.
  mutating func append(_ op: any Operator, of layer: any Layer, to input: Value, shape: Shape) -> Value {
    let output = Value(storage: storages, shape: shape)
    storages += 1
    nodes.append(
      Node(
        name: path.joined(separator: "."), kind: layer.kind, op: op, input: input, output: output,
        firstParameter: claimed))
    claimed = parameterCount
    return output
  }

  /// The same elements under another shape.
  func view(_ input: Value, as shape: Shape) -> Value {
    precondition(shape.count == input.shape.count, "a view has the elements of its value")
    return Value(storage: input.storage, shape: shape)
  }

  /// Lets a convolution or linear operator apply the ReLU that follows it, where nobody else reads its result.
  private mutating func fuseActivations() {
    var readers = [Int](repeating: 0, count: storages)
    for node in nodes { readers[node.input.storage] += 1 }
    var fused: [Node] = []
    for node in nodes {
      if node.op is ReLUOperator, let previous = fused.last, previous.output.storage == node.input.storage,
        readers[node.input.storage] == 1, var op = previous.op as? any ActivationFusing,
        op.activation == .identity
      {
        op.activation = .relu
        fused[fused.count - 1].op = op
        fused[fused.count - 1].output = node.output
      } else {
        fused.append(node)
      }
    }
    nodes = fused
  }
}
