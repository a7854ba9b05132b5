import Layers

/// AlexNet (Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", 2012).
/// Departures: one stream instead of two (or one of the two, ``half(classes:)``), no local response normalisation, any number of
/// channels and classes.
enum AlexNet {
  static let paper = Paper(
    authors: ["Krizhevsky", "Sutskever", "Hinton"], year: 2012,
    title: "ImageNet classification with deep convolutional neural networks",
    identifier: "doi:10.1145/3065386")

  /// Five convolutions, their widths divided by `ratio`; the first sees the image with `padding`.
  @LayerBuilder
  private static func features(padding: Int, dividedBy ratio: Int = 1) -> [any Layer] {
    Conv2D(96 / ratio, kernel: 11, stride: 4, padding: padding)
    ReLU()
    MaxPool(3, stride: 2)
    Conv2D(256 / ratio, kernel: 5, padding: 2)
    ReLU()
    MaxPool(3, stride: 2)
    for channels in [384 / ratio, 384 / ratio, 256 / ratio] {
      Conv2D(channels, kernel: 3, padding: 1)
      ReLU()
    }
    MaxPool(3, stride: 2)
  }

  /// 224x224, two hidden layers of 4096: 46,764,746 parameters.
  static func full(classes: Int) -> Sequential {
    Sequential {
      features(padding: 1)
      classifier(hidden: 4096, classes: classes)
    }
  }

  /// As published for ImageNet: three channels, 227x227; 62,378,344 parameters with 1000 classes.
  static func imageNet(classes: Int) -> Sequential {
    Sequential {
      features(padding: 0)
      classifier(hidden: 4096, classes: classes)
    }
  }

  /// One of the two streams of the paper: three channels, 224x224, half of every width.
  static func half(classes: Int) -> Sequential {
    Sequential {
      features(padding: 2, dividedBy: 2)
      Flatten()
      for _ in 0..<2 {
        Dropout(0.5)
        Linear(2048)
        ReLU()
      }
      Linear(classes)
    }
  }

  /// The version for processors: no padding in the first layer, one hidden layer of 4096.
  static func small(classes: Int) -> Sequential {
    Sequential {
      features(padding: 0)
      Flatten()
      Linear(4096)
      ReLU()
      Dropout(0.5)
      Linear(classes)
    }
  }
}

/// Two hidden layers with ReLU and dropout, then the classes: the head of AlexNet and VGG.
@LayerBuilder
func classifier(hidden: Int, classes: Int) -> [any Layer] {
  Flatten()
  for _ in 0..<2 {
    Linear(hidden)
    ReLU()
    Dropout(0.5)
  }
  Linear(classes)
}
