import Layers
import Tensors

/// A network with the shapes between its layers: what files for other programs and pictures are made from.
public struct Architecture: Sendable {
  /// A layer at its place.
  public struct Step: Sendable {
    /// The module that it is or belongs to: `5.conv1`.
    public let path: String
    public let layer: any Layer
    public let input: Shape
    public let output: Shape
    /// Its parameters; 0 for a layer without a name of its own.
    public let parameters: Int
  }

  /// The network, or a part of it.
  public indirect enum Part: Sendable {
    case step(Step)
    /// One behind the other; empty for what passes its input on.
    case sequence([Part])
    /// Side by side over the same input.
    case branches([Part], Structure.Junction, output: Shape)
    /// A module that holds others, with its parameters.
    case block(path: String, kind: String, parameters: Int, Part)
  }

  public let name: String
  /// The shape of one sample, and of its logits.
  public let input: Shape
  public let output: Shape
  public let parameters: Int
  public let root: Part

  /// - Parameter graph: that of `model`, which says how many parameters each module has.
  /// - Throws: `ShapeError` where a layer cannot take what is before it.
  public init(_ model: Sequential, name: String, graph: Graph) throws(ShapeError) {
    self.name = name
    input = graph.input.shape
    parameters = graph.parameters.reduce(0) { $0 + $1.slot.count }
    let counts = graph.modules.map { module in
      (module.name, graph.parameters[module.parameters].reduce(0) { $0 + $1.slot.count })
    }
    let placement = Placement(parameters: Dictionary(uniqueKeysWithValues: counts))
    var shape = graph.input.shape
    root = try placement.part(model.structure, at: "", &shape)
    output = shape
  }
}

/// Walks through a structure with the shape of what has been computed so far.
private struct Placement {
  /// Of each module, those within included.
  let parameters: [String: Int]

  func part(
    _ structure: Structure, at path: String, _ shape: inout Shape, isModule: Bool = false
  ) throws(ShapeError) -> Architecture.Part {
    switch structure {
    case .layer(let layer):
      let input = shape
      shape = try layer.outputShape(for: input)
      return .step(
        Architecture.Step(
          path: path, layer: layer, input: input, output: shape,
          parameters: isModule ? parameters[path] ?? 0 : 0))
    case .sequence(let structures):
      var parts: [Architecture.Part] = []
      for structure in structures { parts.append(try part(structure, at: path, &shape)) }
      return .sequence(parts)
    case .branches(let structures, let junction):
      let input = shape
      var parts: [Architecture.Part] = []
      var channels = 0
      for structure in structures {
        shape = input
        parts.append(try part(structure, at: path, &shape))
        channels += shape.channels
      }
      if junction == .concatenation { shape.channels = channels }
      return .branches(parts, junction, output: shape)
    case .module(let name, let kind, let within):
      let path = path.isEmpty ? name : "\(path).\(name)"
      let part = try part(within, at: path, &shape, isModule: true)
      if case .step = part { return part }
      return .block(path: path, kind: kind, parameters: parameters[path] ?? 0, part)
    }
  }
}
