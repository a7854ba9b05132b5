import InstructionSets
import Kernels
import Layers
import Tensors
import Testing

/// A first stage that runs as one operator trains as its layers do one by one.
@Suite struct PooledConvolutionTests {
  private static let functions: [any Layer] = [ReLU(), Sigmoid(), Tanh()]
  private static let poolings: [any Layer] = [AveragePool(2), MaxPool(2)]
  private static let classes = 4

  @Test(arguments: [(28, 2), (28, 0), (32, 0), (64, 2), (15, 1)])
  func equalsItsLayers(size: Int, padding: Int) throws {
    let kernels = try InstructionSets.best()
    let images = TrainingImages(
      5, Shape(height: size, width: size, channels: 1), classes: Self.classes, mean: 0.5)
    for function in Self.functions {
      for pooling in Self.poolings {
        let networks = try [false, true].map { apart in
          // A window of one pixel between them changes nothing but keeps them apart.
          let between: [any Layer] = apart ? [MaxPool(1)] : []
          let layers: [any Layer] =
            [Conv2D(6, kernel: 5, padding: padding), function] + between
            + [pooling, Flatten(), Linear(Self.classes)]
          let graph = try Graph(Sequential { layers }, input: images.shape)
          #expect(graph.operatorCount == (apart ? 5 : 2) - (apart && function is ReLU ? 1 : 0))
          let network = Network(graph, capacity: 5, training: true, kernels: kernels)
          network.initialize(.pytorch, seed: 3)
          return network
        }
        let losses = networks.map { $0.train(images, 0..<5, of: 5) }
        #expect(abs(losses[0] - losses[1]) <= 1e-5 * losses[1])
        let largest = networks[1].stepGradients.map(abs).max() ?? 0
        for (one, other) in zip(networks[0].stepGradients, networks[1].stepGradients) {
          // Rounding of sums of up to 20,000 terms, far below a wrong or a lost one.
          #expect(abs(one - other) <= 1e-4 * largest)
        }
        // Evaluation keeps nothing for backward.
        let plain = Network(
          try Graph(
            Sequential {
              [Conv2D(6, kernel: 5, padding: padding), function, pooling, Flatten(), Linear(Self.classes)]
            }, input: images.shape), capacity: 5, training: false, kernels: kernels)
        _ = plain.values.elements.update(fromContentsOf: networks[0].values.elements)
        let logits = networks[1].evaluate(images, 5)
        let scale = logits.map(abs).max() ?? 0
        for (one, other) in zip(plain.evaluate(images, 5), logits) {
          #expect(abs(one - other) <= 1e-5 * scale)
        }
      }
    }
  }
}
