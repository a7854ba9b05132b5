/// What the plan finds once all operators are there.
extension Graph {
  /// How many operators read each storage.
  var readers: [Int] {
    var readers = [Int](repeating: 0, count: storages.count)
    for node in nodes { readers[node.input.storage] += 1 }
    return readers
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

  /// Lets a max pooling apply the ReLU of the operator before it, where nobody else reads that one's result.
  ///
  /// The largest of ReLU's results is ReLU of the largest; at a window's one place instead of all of them, and backward need
  /// not know the larger image.
  mutating func poolBeforeActivation() {
    let readers = readers
    for index in nodes.indices {
      guard var pool = nodes[index].op as? MaxPoolOperator, pool.canActivate,
        readers[nodes[index].input.storage] == 1, !nodes[index].input.isSlice
      else { continue }
      let writers = nodes.indices.filter { nodes[$0].output.storage == nodes[index].input.storage }
      guard writers.count == 1, let writer = writers.first,
        var op = nodes[writer].op as? any ActivationFusing, op.activation == .relu
      else { continue }
      op.activation = .identity
      pool.activation = .relu
      nodes[writer].op = op
      nodes[index].op = pool
    }
  }

  /// Lets a convolution do the backward of the ReLU in front of it, while it writes its input's gradient.
  mutating func gateGradients() {
    let readers = readers
    for index in nodes.indices {
      let input = nodes[index].input
      let writers = nodes.indices.filter { nodes[$0].output.storage == input.storage }
      guard var consumer = nodes[index].op as? ConvolutionOperator, readers[input.storage] == 1,
        !input.isSlice,
        writers.count == 1, let writer = writers.first,
        var producer = nodes[writer].op as? ConvolutionOperator, producer.activation == .relu
      else { continue }
      consumer.gatesInput = true
      producer.isGated = true
      nodes[index].op = consumer
      nodes[writer].op = producer
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
