import Layers
import Tensors

/// A network that users ask for by name.
public struct Model: Sendable {
  public let name: String
  /// The sample that the network was written for; the size is an option.
  public let input: Shape
  /// The outputs that it was written for; another number is an option.
  public let classes: Int
  public let layers: @Sendable (_ classes: Int) -> Sequential

  /// The operators for samples of `size` x `size` pixels.
  ///
  /// - Throws: ``ShapeError`` where the network cannot take that size.
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
    Model("lenet", size: 28, LeNet.average),
    Model("lenet-max", size: 28, LeNet.max),
    Model("lenet5", size: 32, LeNet.five),
    Model("lenet5-1998", size: 32, LeNet.original),
    Model("alexnet", size: 224, AlexNet.full),
    Model("alexnet-small", size: 224, AlexNet.small),
    Model("alexnet-imagenet", size: 227, channels: 3, classes: 1000, AlexNet.imageNet),
    Model("alexnet-half", size: 224, channels: 3, classes: 1000, AlexNet.half),
    Model("vgg11", size: 224) { VGG.vgg11.model(classes: $0) },
    Model("vgg11-small", size: 224) { VGG.vgg11.model(classes: $0, ratio: 8) },
    Model("vgg16", size: 224, channels: 3) { VGG.vgg16.model(classes: $0) },
    Model("nin", size: 224, NiN.model),
    Model("googlenet", size: 96, GoogLeNet.model),
    Model("resnet18", size: 96, ResNet.eighteen),
    Model("densenet", size: 96, DenseNet.model),
  ]

  public static func named(_ name: String) -> Model? { all.first { $0.name == name } }
}

extension Model {
  init(
    _ name: String, size: Int, channels: Int = 1, classes: Int = 10,
    _ layers: @escaping @Sendable (_ classes: Int) -> Sequential
  ) {
    self.init(
      name: name, input: Shape(height: size, width: size, channels: channels), classes: classes,
      layers: layers)
  }
}
