import Layers

/// ResNet-18 (He, Zhang, Ren and Sun, 2016, arXiv:1512.03385): 11,178,378 parameters.
/// Departures: one channel, ten classes and 96x96; convolutions keep their bias, and shortcuts are not normalised.
enum ResNet {
  static let paper = Paper(
    authors: ["He", "Zhang", "Ren", "Sun"], year: 2016,
    title: "Deep residual learning for image recognition",
    identifier: "arXiv:1512.03385")

  /// Two convolutions of 3x3 beside a shortcut, which is projected where the shape changes.
  private static func block(_ channels: Int, stride: Int, projects: Bool) -> Residual {
    Residual {
      Conv2D(channels, kernel: 3, stride: stride, padding: 1).named("conv1")
      BatchNorm().named("bn1")
      ReLU()
      Conv2D(channels, kernel: 3, padding: 1).named("conv2")
      BatchNorm().named("bn2")
    } shortcut: {
      if projects { Conv2D(channels, kernel: 1, stride: stride).named("conv3") }
    } after: {
      ReLU()
    }
  }

  static func eighteen(classes: Int) -> Sequential {
    Sequential {
      stem()
      for (stage, channels) in [64, 128, 256, 512].enumerated() {
        block(channels, stride: stage == 0 ? 1 : 2, projects: stage > 0)
        block(channels, stride: 1, projects: false)
      }
      AdaptiveAveragePool(1)
      Flatten()
      Linear(classes)
    }
  }
}

/// What ResNet and DenseNet begin with: a quarter of the pixels a side, in 64 channels.
@LayerBuilder
func stem() -> [any Layer] {
  Conv2D(64, kernel: 7, stride: 2, padding: 3)
  BatchNorm()
  ReLU()
  MaxPool(3, stride: 2, padding: 1)
}
