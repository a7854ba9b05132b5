import Layers
import Tensors
import Testing

/// Names, modules and errors of networks made of blocks.
@Suite struct GraphTests {
  private static let image = Shape(height: 4, width: 4, channels: 3)

  @Test func blocksAreNamedAsInPyTorch() throws {
    let block = Residual {
      Conv2D(3, kernel: 3, padding: 1).named("conv1")
      BatchNorm().named("bn1")
      ReLU()
      Conv2D(3, kernel: 3, padding: 1).named("conv2")
      BatchNorm().named("bn2")
    } shortcut: {
    } after: {
      ReLU()
    }
    let graph = try Graph(Sequential { block }, input: Self.image)
    #expect(
      graph.statistics.map(\.name) == [
        "0.bn1.running_mean", "0.bn1.running_var", "0.bn2.running_mean", "0.bn2.running_var",
      ])
    #expect(graph.counters == ["0.bn1.num_batches_tracked", "0.bn2.num_batches_tracked"])
    #expect(graph.parameters.filter(\.decays).map(\.name) == ["0.conv1.weight", "0.conv2.weight"])
  }

  @Test func denseBlocksListTheirLayers() throws {
    let model = Sequential {
      DenseBlock(convolutions: 3, growth: 2)
      AdaptiveAveragePool(1)
    }
    let graph = try Graph(model, input: Self.image)
    let names = graph.modules.map { "\($0.depth) \($0.name) \($0.kind)" }
    #expect(
      names[1...4] == [
        "1 0 DenseBlock", "2 0.layers ModuleList", "3 0.layers.0 Sequential", "4 0.layers.0.0 BatchNorm2d",
      ])
    #expect(graph.modules[1].output == Shape(height: 4, width: 4, channels: 9))
    #expect(graph.modules[2].output == nil)
  }

  @Test func blocksSayWhatDoesNotFit() throws {
    let branches = Concat("Inception", [[Conv2D(1, kernel: 1)], [Conv2D(1, kernel: 3)]])
    #expect(throws: ShapeError.self) { try Graph(branches, input: Self.image) }
    let block = Residual {
      Conv2D(4, kernel: 1)
    } shortcut: {
    } after: {
    }
    let error = #expect(throws: ShapeError.self) { try Graph(Sequential { block }, input: Self.image) }
    #expect(error?.description == "Residual 0 expects a shortcut of 4x4x4, found 3x4x4")
    let deep = Sequential { Sequential { Linear(3) } }
    let flat = #expect(throws: ShapeError.self) { try Graph(deep, input: Self.image) }
    #expect(flat?.description == "Linear 0.0 expects a vector (Flatten() makes one), found 3x4x4")
  }
}
