import Layers

/// Network in Network (Lin, Chen and Yan, 2014, arXiv:1312.4400), in the widths of AlexNet: 1,992,166 parameters.
/// Departures: one channel and ten classes at 224x224; no linear layer, as in the paper.
enum NiN {
  static let paper = Paper(
    authors: ["Lin", "Chen", "Yan"], year: 2014,
    title: "Network in network",
    identifier: "arXiv:1312.4400")

  /// A convolution and two of 1x1 behind it, each with ReLU.
  @LayerBuilder
  private static func block(_ channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0) -> [any Layer] {
    Conv2D(channels, kernel: kernel, stride: stride, padding: padding)
    ReLU()
    for _ in 0..<2 {
      Conv2D(channels, kernel: 1)
      ReLU()
    }
  }

  static func model(classes: Int) -> Sequential {
    Sequential {
      block(96, kernel: 11, stride: 4)
      MaxPool(3, stride: 2)
      block(256, kernel: 5, padding: 2)
      MaxPool(3, stride: 2)
      block(384, kernel: 3, padding: 1)
      MaxPool(3, stride: 2)
      Dropout(0.5)
      block(classes, kernel: 3, padding: 1)
      AdaptiveAveragePool(1)
      Flatten()
    }
  }
}
