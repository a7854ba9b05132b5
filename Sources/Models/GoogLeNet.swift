import Layers

/// GoogLeNet (Szegedy et al., 2015, arXiv:1409.4842): 5,977,530 parameters.
/// Departures: one channel, ten classes and 96x96; no auxiliary classifiers, no local response normalisation, no dropout; no
/// ReLU behind the second and third convolution.
enum GoogLeNet {
  static let paper = Paper(
    authors: ["Szegedy", "Liu", "Jia", "Sermanet", "Reed", "Anguelov", "Erhan", "Vanhoucke", "Rabinovich"],
    year: 2015,
    title: "Going deeper with convolutions",
    identifier: "arXiv:1409.4842")

  /// Widths of the four branches: 1x1; 1x1 then 3x3; 1x1 then 5x5; pooling then 1x1.
  private typealias Widths = (one: Int, three: (Int, Int), five: (Int, Int), pool: Int)

  private static let stages: [[Widths]] = [
    [(64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)],
    [
      (192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64), (128, (128, 256), (24, 64), 64),
      (112, (144, 288), (32, 64), 64), (256, (160, 320), (32, 128), 128),
    ],
    [(256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)],
  ]

  private static func inception(_ widths: Widths) -> Concat {
    Concat(
      "Inception",
      [
        [Conv2D(widths.one, kernel: 1).named("p1_1"), ReLU()],
        [
          Conv2D(widths.three.0, kernel: 1).named("p2_1"), ReLU(),
          Conv2D(widths.three.1, kernel: 3, padding: 1).named("p2_2"), ReLU(),
        ],
        [
          Conv2D(widths.five.0, kernel: 1).named("p3_1"), ReLU(),
          Conv2D(widths.five.1, kernel: 5, padding: 2).named("p3_2"), ReLU(),
        ],
        [
          MaxPool(3, stride: 1, padding: 1), Conv2D(widths.pool, kernel: 1).named("p4_2"), ReLU(),
        ],
      ])
  }

  static func model(classes: Int) -> Sequential {
    Sequential {
      Conv2D(64, kernel: 7, stride: 2, padding: 3)
      ReLU()
      MaxPool(3, stride: 2, padding: 1)
      Conv2D(64, kernel: 1)
      Conv2D(192, kernel: 3, padding: 1)
      for stage in stages {
        MaxPool(3, stride: 2, padding: 1)
        for widths in stage { inception(widths) }
      }
      AdaptiveAveragePool(1)
      Flatten()
      Linear(classes)
    }
  }
}
