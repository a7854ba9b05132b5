import Layers

/// AlexNet (Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional networks", 2012).
/// Departures: one stream instead of two, no local response normalisation, any number of channels and classes.
enum AlexNet {
  /// Five convolutions; the first sees the image with `padding`.
  @LayerBuilder
  private static func features(padding: Int) -> [any Layer] {
    Conv2D(96, kernel: 11, stride: 4, padding: padding)
    ReLU()
    MaxPool(3, stride: 2)
    Conv2D(256, kernel: 5, padding: 2)
    ReLU()
    MaxPool(3, stride: 2)
    for channels in [384, 384, 256] {
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
