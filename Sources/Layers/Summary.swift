import Tensors

/// What a network consists of and costs, module by module, counted as torchinfo does (github.com/TylerYep/torchinfo).
///
/// Numbers are those of one sample; what grows with the batch is asked for with its size.
public struct Summary: Sendable {
  public struct Row: Sendable {
    /// Its place in the model: `5.conv1`; empty for the model itself.
    public let name: String
    /// PyTorch's word for it: `Conv2d`.
    public let kind: String
    /// Blocks around it.
    public let depth: Int
    /// Its number among the modules of the same depth, from 1.
    public let index: Int
    /// Whether no module lies within it.
    public let isLeaf: Bool
    /// The shape of one sample behind it; nil for a module that only holds others.
    public let output: Shape?
    /// Its parameters, those of the modules within included.
    public let parameters: Int
    /// Its parameters without those of the modules within.
    public let ownParameters: Int
    /// Those of its own parameters that are used.
    public let connectedParameters: Int
    /// Multiplications with addition by its own parameters.
    public let multiplyAdds: Int
    /// Output positions x (connected weights + biases) of its own parameters.
    public let connections: Int
  }

  /// One sample.
  public let input: Shape
  /// The modules, outermost first.
  public let rows: [Row]

  public init(_ graph: Graph) {
    input = graph.input.shape
    let modules = graph.modules
    let counts = modules.map { graph.parameters[$0.parameters].reduce(0) { $0 + $1.slot.count } }
    var seen: [Int: Int] = [:]
    rows = modules.indices.map { position in
      let module = modules[position]
      let within = modules.indices[(position + 1)...].prefix { modules[$0].depth > module.depth }
      let children = within.filter { modules[$0].depth == module.depth + 1 }
      let own = counts[position] - children.reduce(0) { $0 + counts[$1] }
      let output = own > 0 ? module.output : nil
      seen[module.depth, default: 0] += 1
      return Row(
        name: module.name, kind: module.kind, depth: module.depth, index: seen[module.depth, default: 0],
        isLeaf: within.isEmpty, output: module.output, parameters: counts[position], ownParameters: own,
        connectedParameters: own > 0 ? module.layer.connectedParameters(of: own) : 0,
        multiplyAdds: output.map { module.layer.multiplyAdds(parameters: own, output: $0) } ?? 0,
        connections: output.map { module.layer.connections(parameters: own, output: $0) } ?? 0)
    }
  }

  public var parameters: Int { rows.reduce(0) { $0 + $1.ownParameters } }
  public var multiplyAdds: Int { rows.reduce(0) { $0 + $1.multiplyAdds } }

  public var parameterBytes: Int { bytes(parameters) }

  public func inputBytes(batchSize: Int) -> Int { bytes(batchSize * input.count) }

  /// Results of the modules that have parameters, once in forward and once in backward.
  public func passBytes(batchSize: Int) -> Int {
    let results = rows.reduce(0) { $0 + ($1.ownParameters > 0 ? $1.output?.count ?? 0 : 0) }
    return 2 * bytes(batchSize * results)
  }

  /// Everything above together.
  public func totalBytes(batchSize: Int) -> Int {
    inputBytes(batchSize: batchSize) + passBytes(batchSize: batchSize) + parameterBytes
  }

  private func bytes(_ elements: Int) -> Int { elements * MemoryLayout<Float>.stride }
}

extension Shape {
  /// The sizes of a batch in PyTorch's order: batch, channels, height and width, or batch and length.
  public func torchSizes(batchSize: Int) -> [Int] {
    [batchSize] + (isFlat ? [count] : [channels, height, width])
  }
}
