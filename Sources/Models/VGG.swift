import Layers

/// VGG (Simonyan and Zisserman, 2014, arXiv:1409.1556), configurations A and D.
/// Departures: any number of channels and classes; `ratio` divides every width.
enum VGG: Int {
  static let paper = Paper(
    authors: ["Simonyan", "Zisserman"], year: 2014,
    title: "Very deep convolutional networks for large-scale image recognition",
    identifier: "arXiv:1409.1556")

  case vgg11 = 11
  case vgg16 = 16

  /// Convolutions before each of the five poolings.
  private var depths: [Int] { self == .vgg11 ? [1, 1, 2, 2, 2] : [2, 2, 3, 3, 3] }

  func model(classes: Int, ratio: Int = 1) -> Sequential {
    Sequential {
      for (width, depth) in zip([64, 128, 256, 512, 512], depths) {
        for _ in 0..<depth {
          Conv2D(width / ratio, kernel: 3, padding: 1)
          ReLU()
        }
        MaxPool(2)
      }
      classifier(hidden: 4096 / ratio, classes: classes)
    }
  }
}
