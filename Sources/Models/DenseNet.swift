import Layers

/// DenseNet (Huang, Liu, van der Maaten and Weinberger, 2017, arXiv:1608.06993), four blocks of four convolutions, growth 32.
/// Departures: one channel, ten classes and 96x96; no bottleneck convolutions; those that are there keep their bias.
enum DenseNet {
  static let paper = Paper(
    authors: ["Huang", "Liu", "van der Maaten", "Weinberger"], year: 2017,
    title: "Densely connected convolutional networks",
    identifier: "arXiv:1608.06993")

  /// Halves the channels and both sides of the image.
  @LayerBuilder
  private static func transition(_ channels: Int) -> [any Layer] {
    BatchNorm()
    ReLU()
    Conv2D(channels, kernel: 1)
    AveragePool(2)
  }

  static func model(classes: Int) -> Sequential {
    Sequential {
      stem()
      for channels in [96, 112, 120] {
        DenseBlock(convolutions: 4, growth: 32)
        transition(channels)
      }
      DenseBlock(convolutions: 4, growth: 32)
      BatchNorm()
      ReLU()
      AdaptiveAveragePool(1)
      Flatten()
      Linear(classes)
    }
  }
}
