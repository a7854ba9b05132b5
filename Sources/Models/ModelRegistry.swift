import Layers
import Tensors

/// A network that users ask for by name.
public struct Model: Sendable {
  public let name: String
  /// The sample that the network was written for; the size is an option.
  public let input: Shape
  /// The outputs that it was written for; another number is an option.
  public let classes: Int
  public let paper: Paper
  /// What the paper calls the layers with parameters; empty where it has no names for them.
  public let layerNames: [String]
  public let layers: @Sendable (_ classes: Int) -> Sequential

  /// The operators for samples of `size` x `size` pixels.
  ///
  /// - Throws: `ShapeError` where the network cannot take that size.
  public func graph(size: Int, classes: Int, dropout: Double? = nil) throws(ShapeError) -> Graph {
    let shape = Shape(height: size, width: size, channels: input.channels)
    return try Graph(layers(classes), input: shape, dropout: dropout)
  }

  /// The smallest image that the network takes, in pixels a side.
  public func smallestSize(classes: Int) -> Int {
    let layers = layers(classes)
    let sizes = 1...input.height
    return sizes.first {
      let shape = Shape(height: $0, width: $0, channels: input.channels)
      return (try? layers.outputShape(for: shape)) != nil
    } ?? input.height
  }
}

/// Every network, by name.
public enum ModelRegistry {
  public static let all: [Model] = [
    Model("lenet", LeNet.paper, size: 28, LeNet.average),
    Model("lenet-max", LeNet.paper, size: 28, LeNet.max),
    Model("lenet5", LeNet.paper, size: 32, LeNet.five),
    Model("lenet5-1998", LeNet.paper, size: 32, layerNames: LeNet.originalNames, LeNet.original),
    Model("alexnet", AlexNet.paper, size: 224, AlexNet.full),
    Model("alexnet-small", AlexNet.paper, size: 224, AlexNet.small),
    Model("alexnet-imagenet", AlexNet.paper, size: 227, channels: 3, classes: 1000, AlexNet.imageNet),
    Model("alexnet-half", AlexNet.paper, size: 224, channels: 3, classes: 1000, AlexNet.half),
    Model("vgg11", VGG.paper, size: 224) { VGG.vgg11.model(classes: $0) },
    Model("vgg11-small", VGG.paper, size: 224) { VGG.vgg11.model(classes: $0, ratio: 8) },
    Model("vgg16", VGG.paper, size: 224, channels: 3) { VGG.vgg16.model(classes: $0) },
    Model("nin", NiN.paper, size: 224, NiN.model),
    Model("googlenet", GoogLeNet.paper, size: 96, GoogLeNet.model),
    Model("resnet18", ResNet.paper, size: 96, ResNet.eighteen),
    Model("densenet", DenseNet.paper, size: 96, DenseNet.model),
  ]

  public static func named(_ name: String) -> Model? { all.first { $0.name == name } }
}

extension Model {
  init(
    _ name: String, _ paper: Paper, size: Int, channels: Int = 1, classes: Int = 10,
    layerNames: [String] = [], _ layers: @escaping @Sendable (_ classes: Int) -> Sequential
  ) {
    self.init(
      name: name, input: Shape(height: size, width: size, channels: channels), classes: classes,
      paper: paper, layerNames: layerNames, layers: layers)
  }
}
