import Tensors

/// A value that flows between operators: which storage holds it, where in it, and its shape there.
///
/// A view, such as the result of ``Flatten`` or some channels of a concatenation, is another value on the same storage.
public struct Value: Hashable, Sendable {
  package var storage: Int
  public let shape: Shape
  /// Where the value's first channel lies in a pixel of its storage.
  package var channel = 0
  /// Floats from one pixel to the next.
  package var stride: Int

  /// Whether other channels lie between its pixels.
  var isSlice: Bool { stride != shape.channels }
}

/// The operators of a network in the order in which they run, with the parameters they own.
public struct Graph: Sendable {
  package struct Node: Sendable {
    /// The layer's place in the network: `3`, or `5.conv1` inside a block.
    package var name: String
    package var op: any Operator
    package var input: Value
    package var output: Value
    /// Offsets of the first parameter and the first running statistic that belong to this operator or to a later one.
    package var firstParameter: Int
    var firstStatistic: Int
  }

  /// What the first operator reads: the batch.
  public let input: Value
  /// What the model computes: the logits.
  package var output: Value
  /// Every module of the model, outermost first, as PyTorch would list them.
  public private(set) var modules: [Module] = []
  /// Every parameter, in the order of PyTorch's `state_dict`.
  public private(set) var parameters: [Parameter] = []
  /// Running statistics; they lie behind the parameters in the flat buffers.
  public private(set) var statistics: [Parameter] = []
  /// Names of the counters of batches, one for each batch normalisation.
  public private(set) var counters: [String] = []
  /// Floats of parameters in the flat buffers, each slot rounded up to whole cache lines.
  public private(set) var parameterCount = 0
  /// Floats of running statistics behind them.
  public private(set) var statisticCount = 0
  package var nodes: [Node] = []
  /// Operators that run in a pass, after fusion.
  public var operatorCount: Int { nodes.count }
  /// The whole shape of every storage.
  package private(set) var storages: [Shape] = []
  /// Parameters and running statistics below these belong to operators that are already there.
  private var claimed = (parameters: 0, statistics: 0)
  private var path: [String] = []
  private var openModules: [Int] = []
  /// Replaces every dropout probability where given.
  let dropout: Double?
  /// How many layers draw random numbers so far; tells their streams apart.
  var randomLayers = 0

  /// A graph that computes `model` from a sample of shape `input`.
  ///
  /// - Parameter dropout: replaces the probability of every dropout layer.
  public init(_ model: some Layer, input: Shape, dropout: Double? = nil) throws(ShapeError) {
    self.input = Value(storage: 0, shape: input, stride: input.channels)
    output = self.input
    self.dropout = dropout
    storages = [input]
    enter("", model, self.input)
    output = try model.lower(self.input, into: &self)
    leave(output)
    for index in statistics.indices { statistics[index].slot.offset += parameterCount }
    fuseActivations()
    fusePooledConvolutions()
    writeSlicesInPlace()
    poolBeforeActivation()
    gateGradients()
    validate()
  }

  // MARK: Modules and what they own

  /// Begins a module of the model; its parameters are named under `name`.
  mutating func enter(_ name: String, _ layer: any Layer, _ input: Value) {
    if !name.isEmpty { path.append(name) }
    openModules.append(modules.count)
    modules.append(
      Module(
        name: path.joined(separator: "."), kind: layer.kind, depth: path.count, layer: layer,
        input: input.shape, parameters: parameters.count..<parameters.count))
  }

  /// Ends the module that was begun last.
  ///
  /// - Parameter output: what it computes; nil for one that only holds others.
  mutating func leave(_ output: Value?) {
    let index = openModules.removeLast()
    modules[index].output = output?.shape
    modules[index].parameters = modules[index].parameters.lowerBound..<parameters.count
    if !openModules.isEmpty { path.removeLast() }
  }

  private func name(_ last: String) -> String { (path + [last]).joined(separator: ".") }

  /// Reserves a parameter of the layer being lowered.
  mutating func parameter(
    _ name: String, _ layout: ParameterLayout, role: Parameter.Role, fanIn: Int = 1, fanOut: Int = 1,
    gain: Float = 1
  ) -> Slot {
    let slot = Slot(offset: parameterCount, count: layout.count)
    parameters.append(
      Parameter(
        name: self.name(name), slot: slot, layout: layout, role: role, fanIn: fanIn, fanOut: fanOut,
        gain: gain))
    parameterCount += FloatBuffer.aligned(layout.count)
    return slot
  }

  /// Reserves running statistics of the layer being lowered, one a channel.
  mutating func statistic(_ name: String, channels: Int, start: Float) -> Slot {
    let slot = Slot(offset: statisticCount, count: channels)
    statistics.append(
      Parameter(
        name: self.name(name), slot: slot, layout: .vector(channels), role: .constant(start), fanIn: 1,
        fanOut: 1, gain: 1))
    statisticCount += FloatBuffer.aligned(channels)
    return slot
  }

  /// Counts the batches of the layer being lowered under `name`.
  mutating func counter(_ name: String) {
    counters.append(self.name(name))
  }

  // MARK: Operators and values

  /// Storage for a value of `shape` that several operators write, each some channels.
  mutating func reserve(_ shape: Shape) -> Value {
    storages.append(shape)
    return Value(storage: storages.count - 1, shape: shape, stride: shape.channels)
  }

  /// Appends an operator that computes a value of `shape` from `input`.
  mutating func append(_ op: any Operator, to input: Value, shape: Shape) -> Value {
    let source = input.isSlice && !op.readsSlices ? contiguous(input) : input
    let output = reserve(shape)
    append(op, to: source, into: output)
    return output
  }

  /// Appends an operator that computes `output`, or adds to it, from `input`.
  mutating func append(_ op: any Operator, to input: Value, into output: Value) {
    nodes.append(
      Node(
        name: path.joined(separator: "."), op: op, input: input, output: output,
        firstParameter: claimed.parameters, firstStatistic: claimed.statistics))
    claimed = (parameterCount, statisticCount)
  }

  /// The same elements without gaps.
  private mutating func contiguous(_ input: Value) -> Value {
    let output = reserve(input.shape)
    append(CopyOperator(), to: input, into: output)
    return output
  }

  /// The same elements under another shape.
  mutating func view(_ input: Value, as shape: Shape) -> Value {
    precondition(shape.count == input.shape.count, "a view has the elements of its value")
    let whole = input.isSlice ? contiguous(input) : input
    return Value(storage: whole.storage, shape: shape, channel: whole.channel, stride: shape.channels)
  }

  /// Some channels of an image.
  func slice(_ input: Value, channels: Range<Int>) -> Value {
    precondition(channels.upperBound <= input.shape.channels, "a slice lies within its value")
    let shape = Shape(height: input.shape.height, width: input.shape.width, channels: channels.count)
    return Value(
      storage: input.storage, shape: shape, channel: input.channel + channels.lowerBound, stride: input.stride
    )
  }
}
