import Layers
import Models
import Tensors
import Testing

@Suite struct ModelRegistryTests {
  /// Parameters as PyTorch counts them for `scripts/reference/models.py`.
  @Test(arguments: [
    ("lenet", 61_706), ("lenet-max", 44_426), ("lenet5", 61_706), ("lenet5-1998", 61_740),
    ("alexnet", 46_764_746), ("alexnet-small", 29_983_434), ("alexnet-imagenet", 62_378_344),
    ("alexnet-half", 16_630_440), ("vgg11", 128_806_154), ("vgg11-small", 2_018_346), ("vgg16", 134_301_514),
    ("nin", 1_992_166), ("googlenet", 5_977_530), ("resnet18", 11_178_378), ("densenet", 758_226),
  ])
  func parameterCounts(name: String, expected: Int) throws {
    let model = try #require(ModelRegistry.named(name))
    let graph = try model.graph(size: model.input.height, classes: model.classes)
    #expect(graph.parameters.reduce(0) { $0 + $1.slot.count } == expected)
  }

  @Test func namesAreThoseOfPyTorch() throws {
    let model = try #require(ModelRegistry.named("vgg11"))
    let graph = try model.graph(size: 224, classes: 10)
    let names = graph.parameters.map(\.name)
    #expect(names.prefix(4) == ["0.weight", "0.bias", "3.weight", "3.bias"])
    #expect(names.suffix(6) == ["22.weight", "22.bias", "25.weight", "25.bias", "28.weight", "28.bias"])
    #expect(graph.parameters[16].layout.torchShape == [4096, 25088])
    #expect(graph.parameters[0].layout.torchShape == [64, 1, 3, 3])
  }

  @Test(arguments: ModelRegistry.all.map(\.name))
  func classesAndSizesAreOptions(name: String) throws {
    let model = try #require(ModelRegistry.named(name))
    #expect(try model.layers(7).outputShape(for: model.input) == .vector(7))
    let smallest = model.smallestSize(classes: 10)
    #expect(smallest <= model.input.height)
    #expect(throws: Never.self) { try model.graph(size: smallest, classes: 10) }
    if smallest > 1 {
      #expect(throws: ShapeError.self) { try model.graph(size: smallest - 1, classes: 10) }
    }
  }

  @Test func aTooSmallImageNamesTheLayerAndBothShapes() throws {
    let model = try #require(ModelRegistry.named("vgg11"))
    let error = #expect(throws: ShapeError.self) { try model.graph(size: 8, classes: 10) }
    #expect(error?.description == "MaxPool2d 15 expects an image of at least 2x2, found 512x1x1")
  }
}
