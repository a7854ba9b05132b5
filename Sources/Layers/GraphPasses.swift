/// What the plan finds once all operators are there.
extension Graph {
  /// How many operators read each storage.
  var readers: [Int] {
    var readers = [Int](repeating: 0, count: storages.count)
    for node in nodes { readers[node.input.storage] += 1 }
    return readers
  }

  /// The operators that write a storage, or some of its channels.
  private func writers(of storage: Int) -> [Int] {
    nodes.indices.filter { nodes[$0].output.storage == storage }
  }

  /// Lets an operator apply the ReLU that follows it, where nobody else reads its result.
  mutating func fuseActivations() {
    let readers = readers
    var renamed = Array(0..<storages.count)
    var fused: [Node] = []
    for var node in nodes {
      node.input.storage = renamed[node.input.storage]
      node.output.storage = renamed[node.output.storage]
      if node.op is ReLUOperator, let previous = fused.last, previous.output == node.input,
        readers[node.input.storage] == 1, var op = previous.op as? any ActivationFusing,
        op.activation == .identity
      {
        op.activation = .relu
        fused[fused.count - 1].op = op
        renamed[node.output.storage] = node.input.storage
      } else {
        fused.append(node)
      }
    }
    nodes = fused
    output.storage = renamed[output.storage]
  }

  /// Lets a max pooling apply the ReLU of the operators before it, of which each may write some channels, where nobody else reads
  /// their result. What a sum adds up is activated before it.
  ///
  /// The largest of ReLU's results is ReLU of the largest; at a window's one place instead of all of them, and backward need
  /// not know the larger image.
  mutating func poolBeforeActivation() {
    let readers = readers
    for index in nodes.indices {
      guard var pool = nodes[index].op as? MaxPoolOperator, pool.canActivate,
        readers[nodes[index].input.storage] == 1, !nodes[index].input.isSlice
      else { continue }
      let writers = writers(of: nodes[index].input.storage)
      let activated = writers.compactMap { nodes[$0].op as? any ActivationFusing }
        .filter { $0.activation == .relu && !$0.addsToOutput }
      guard !writers.isEmpty, activated.count == writers.count else { continue }
      for (writer, var op) in zip(writers, activated) {
        op.activation = .identity
        nodes[writer].op = op
      }
      pool.activation = .relu
      nodes[index].op = pool
    }
  }

  /// Lets a convolution do the backward of the ReLU in front of it, while it writes its input's gradient.
  ///
  /// It is the input's first reader, whose backward completes the gradient. Each of the convolutions before it may write some
  /// channels of the input.
  mutating func gateGradients() {
    for index in nodes.indices {
      let input = nodes[index].input
      let writers = writers(of: input.storage)
      let gated = writers.compactMap { nodes[$0].op as? ConvolutionOperator }
        .filter { $0.activation == .relu }
      guard var consumer = nodes[index].op as? ConvolutionOperator, !input.isSlice,
        nodes.firstIndex(where: { $0.input.storage == input.storage }) == index,
        !writers.isEmpty, gated.count == writers.count
      else { continue }
      consumer.gatesInput = true
      nodes[index].op = consumer
      for (writer, var op) in zip(writers, gated) {
        op.isGated = true
        nodes[writer].op = op
      }
    }
  }

  /// Drops copies into a slice whose source can be written there in the first place.
  mutating func writeSlicesInPlace() {
    let readers = readers
    var kept: [Node] = []
    for node in nodes {
      let writers = kept.indices.filter { kept[$0].output.storage == node.input.storage }
      if node.op is CopyOperator, !node.input.isSlice, readers[node.input.storage] == 1,
        let writer = writers.first, writers.count == 1, kept[writer].op.writesSlices
      {
        kept[writer].output = node.output
      } else {
        kept.append(node)
      }
    }
    nodes = kept
  }

  /// Holds the operators to what planning relies on.
  func validate() {
    // The loss sends back the whole gradient of what the model computes.
    var complete: Set = [output.storage]
    for node in nodes.reversed() where node.input.storage != 0 {
      let isWhole = node.input.shape.count == storages[node.input.storage].count
      precondition(
        isWhole || complete.contains(node.input.storage),
        "\(node.name): the last reader of a value reads all of it, so that its gradient is complete")
      complete.insert(node.input.storage)
    }
    for (index, node) in nodes.enumerated() where node.op.addsToOutput {
      precondition(
        !nodes[..<index].contains {
          $0.input.storage == node.output.storage
            || $0.output.storage == node.output.storage && $0.op.keeps.contains(.output)
        }, "\(node.name): nobody else needs the value that a sum is added to")
    }
  }
}
