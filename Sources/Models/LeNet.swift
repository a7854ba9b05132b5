import Layers

/// LeNet (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998).
/// Departures: a dense second convolution, plain pooling and a linear output, as teaching notebooks simplify it.
enum LeNet {
  /// 28x28, padded, sigmoid, average pooling: 61,706 parameters.
  static func average(classes: Int) -> Sequential {
    Sequential {
      Conv2D(6, kernel: 5, padding: 2)
      Sigmoid()
      AveragePool(2)
      Conv2D(16, kernel: 5)
      Sigmoid()
      AveragePool(2)
      Flatten()
      Linear(120)
      Sigmoid()
      Linear(84)
      Sigmoid()
      Linear(classes)
    }
  }

  /// 28x28, no padding, sigmoid, max pooling: 44,426 parameters.
  static func max(classes: Int) -> Sequential {
    Sequential {
      Conv2D(6, kernel: 5)
      Sigmoid()
      MaxPool(2)
      Conv2D(16, kernel: 5)
      Sigmoid()
      MaxPool(2)
      Flatten()
      Linear(120)
      Sigmoid()
      Linear(84)
      Sigmoid()
      Linear(classes)
    }
  }

  /// 32x32, tanh, average pooling: 61,706 parameters.
  static func five(classes: Int) -> Sequential {
    Sequential {
      Conv2D(6, kernel: 5)
      Tanh()
      AveragePool(2)
      Conv2D(16, kernel: 5)
      Tanh()
      AveragePool(2)
      Flatten()
      Linear(120)
      Tanh()
      Linear(84)
      Tanh()
      Linear(classes)
    }
  }
}
