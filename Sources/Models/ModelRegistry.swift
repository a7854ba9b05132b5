import Layers
import Tensors

/// A network that users ask for by name.
public struct Model: Sendable {
  public let name: String
  /// The sample that the network was written for; the size is an option.
  public let input: Shape
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
    Model("alexnet", size: 224, AlexNet.full),
    Model("alexnet-small", size: 224, AlexNet.small),
    Model("vgg11", size: 224) { VGG.vgg11.model(classes: $0) },
    Model("vgg11-small", size: 224) { VGG.vgg11.model(classes: $0, ratio: 8) },
    Model("vgg16", size: 224, channels: 3) { VGG.vgg16.model(classes: $0) },
  ]

  public static func named(_ name: String) -> Model? { all.first { $0.name == name } }
}

extension Model {
  init(
    _ name: String, size: Int, channels: Int = 1, _ layers: @escaping @Sendable (_ classes: Int) -> Sequential
  ) {
    self.init(name: name, input: Shape(height: size, width: size, channels: channels), layers: layers)
  }
}
