import Layers

/// LeNet (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998).
/// Departures, but for ``original(classes:)``: a dense second convolution, plain pooling and a linear output, as teaching
/// notebooks simplify it.
enum LeNet {
  static let paper = Paper(
    authors: ["LeCun", "Bottou", "Bengio", "Haffner"], year: 1998,
    title: "Gradient-based learning applied to document recognition",
    identifier: "doi:10.1109/5.726791")

  /// Which of the 6 maps of S2 each of the 16 maps of C3 sees (table I of the paper).
  private static let connections =
    (0..<6).map { first in (0..<3).map { (first + $0) % 6 } }
    + (0..<6).map { first in (0..<4).map { (first + $0) % 6 } }
    + [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5]]

  /// What the paper calls the layers of ``original(classes:)`` that have parameters.
  static let originalNames = ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]

  /// As in 1998, at 32x32: C1, S2, C3, S4, C5, F6 and radial basis functions. Departures: sigmoid behind C1 and C3; the codes
  /// of the output are trained. The gains matter: without them four sigmoids leave nothing of the image, and F6 starts so far
  /// from the codes that the first steps only pull it to zero.
  static func original(classes: Int) -> Sequential {
    Sequential {
      Conv2D(6, kernel: 5, gain: 4)
      Sigmoid()
      Subsampling()
      PartialConv2D(connections, kernel: 5, gain: 4)
      Sigmoid()
      Subsampling()
      Conv2D(120, kernel: 5, gain: 4)
      Tanh()
      Flatten()
      Linear(84, gain: 0.1)
      Tanh()
      RadialBasis(classes)
    }
  }

  /// 28x28, padded, sigmoid, average pooling: 61,706 parameters. The gains are those of Glorot and Bengio (2010) for a sigmoid:
  /// with them the book's plain SGD leaves its plateau in the first epoch.
  static func average(classes: Int) -> Sequential {
    Sequential {
      Conv2D(6, kernel: 5, padding: 2, gain: 4)
      Sigmoid()
      AveragePool(2)
      Conv2D(16, kernel: 5, gain: 4)
      Sigmoid()
      AveragePool(2)
      Flatten()
      Linear(120, gain: 4)
      Sigmoid()
      Linear(84, gain: 4)
      Sigmoid()
      Linear(classes)
    }
  }

  /// 28x28, no padding, sigmoid, max pooling: 44,426 parameters.
  static func max(classes: Int) -> Sequential {
    Sequential {
      Conv2D(6, kernel: 5, gain: 4)
      Sigmoid()
      MaxPool(2)
      Conv2D(16, kernel: 5, gain: 4)
      Sigmoid()
      MaxPool(2)
      Flatten()
      Linear(120, gain: 4)
      Sigmoid()
      Linear(84, gain: 4)
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
