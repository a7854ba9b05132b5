import Exports
import Layers
import Models
import Testing

/// The network of that name, as it was written.
func architecture(_ name: String) throws -> Architecture {
  let model = try #require(ModelRegistry.named(name))
  let graph = try model.graph(size: model.input.height, classes: model.classes)
  return try Architecture(model.layers(model.classes), name: name, graph: graph)
}

extension Architecture.Part {
  /// Every layer, in order.
  var steps: [Architecture.Step] {
    switch self {
    case .step(let step): [step]
    case .sequence(let parts): parts.flatMap(\.steps)
    case .branches(let parts, _, _): parts.flatMap(\.steps)
    case .block(_, _, _, let part): part.steps
    }
  }
}

@Suite struct ArchitectureTests {
  /// Shapes are worked out twice, by the structure and by the operators, and every parameter belongs to one layer.
  @Test(arguments: ModelRegistry.all.map(\.name))
  func agreesWithTheOperators(name: String) throws {
    let model = try #require(ModelRegistry.named(name))
    let graph = try model.graph(size: model.input.height, classes: model.classes)
    let architecture = try architecture(name)
    #expect(architecture.output == .vector(model.classes))
    let steps = architecture.root.steps
    #expect(steps.reduce(0) { $0 + $1.parameters } == architecture.parameters)
    let modules = Dictionary(uniqueKeysWithValues: graph.modules.map { ($0.name, $0) })
    for step in steps where step.parameters > 0 {
      let module = try #require(modules[step.path])
      #expect(module.input == step.input && module.output == step.output, "\(step.path)")
      #expect(module.kind == step.layer.kind)
    }
  }

  @Test func blocksHoldTheirLayersAndKnowTheirPlace() throws {
    guard case .sequence(let parts) = try architecture("resnet18").root,
      case .block(let path, let kind, let parameters, let within) = parts[6]
    else { return #expect(Bool(false), "the seventh module is a block") }
    #expect((path, kind, parameters) == ("6", "Residual", 230_272))
    #expect(within.steps.map(\.path) == ["6.conv1", "6.bn1", "6", "6.conv2", "6.bn2", "6.conv3", "6"])
  }

  @Test func branchesAddUpTheirChannels() throws {
    let dense = try architecture("densenet").root.steps.filter { $0.path.hasPrefix("4.layers") }
    #expect(dense.map(\.input.channels) == [64, 64, 64, 96, 96, 96, 128, 128, 128, 160, 160, 160])
  }
}
