import Foundation
import InstructionSets
import Kernels
import Layers
import Tensors
import Testing

/// PyTorch's logits, loss and gradients for every layer; `scripts/goldens/layers.py` makes the fixture.
@Suite struct GoldenTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var channels: Int
    var height: Int
    var width: Int
    var input: [Float]
    var labels: [UInt8]
    var logits: [Float]
    var loss: Double
    var weights: [[Float]]
    var gradients: [[Float]]
    var statistics: [[Float]]
    var evaluation: [Float]
    var testDescription: String { name }
  }

  static let cases: [Case] = {
    let url = Bundle.module.url(forResource: "layers", withExtension: "json", subdirectory: "Fixtures")
    guard let url, let data = try? Data(contentsOf: url) else { return [] }
    return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
  }()

  /// The layers of each case, between the 1x1 convolution and the linear layer.
  static let layers: [String: [any Layer]] = [
    "conv-3x3-padded": [Conv2D(3, kernel: 3, padding: 1)],
    "conv-3x3-relu": [Conv2D(3, kernel: 3, padding: 1), ReLU()],
    "conv-1x1": [Conv2D(17, kernel: 1)],
    "conv-2x2-stride-3": [Conv2D(3, kernel: 2, stride: 3)],
    "conv-5x5-stride-2": [Conv2D(2, kernel: 5, stride: 2, padding: 2)],
    "maxpool-2": [MaxPool(2)],
    "maxpool-3-stride-2": [MaxPool(3, stride: 2)],
    "maxpool-3-stride-2-padded": [MaxPool(3, stride: 2, padding: 1)],
    "avgpool-2": [AveragePool(2)],
    "avgpool-3-stride-2": [AveragePool(3, stride: 2)],
    "relu": [ReLU()],
    "sigmoid": [Sigmoid()],
    "tanh": [Tanh()],
    "linear-relu": [Flatten(), Linear(5), ReLU()],
    "batchnorm": [BatchNorm()],
    "batchnorm-relu": [BatchNorm(), ReLU()],
    "adaptive-global": [AdaptiveAveragePool(1)],
    "adaptive-2": [AdaptiveAveragePool(2)],
    "inception": [inception(2, (2, 3), (2, 4), 2)],
    "inception-twice": [inception(1, (1, 2), (1, 2), 1), inception(2, (1, 1), (1, 1), 1)],
    "residual": [residual(3)],
    "residual-projected": [residual(3, stride: 2, projects: true)],
    "residual-chain": [residual(2), residual(4, stride: 2, projects: true), residual(4)],
    "dense-block": [DenseBlock(convolutions: 3, growth: 2)],
    "dense-transition": [
      DenseBlock(convolutions: 2, growth: 3), BatchNorm(), ReLU(), Conv2D(4, kernel: 1), AveragePool(2),
      DenseBlock(convolutions: 1, growth: 2),
    ],
    "subsampling": [Subsampling()],
    "partial-conv": [PartialConv2D(partialTable, kernel: 5)],
    "rbf": [Flatten(), Linear(6), RadialBasis(4)],
    "softmax": [Flatten(), Softmax()],
    "inception-pooled": [
      inception(1, (1, 2), (1, 1), 2), MaxPool(3, stride: 2, padding: 1), inception(1, (1, 1), (1, 1), 1),
    ],
    "stem": [
      Conv2D(3, kernel: 7, stride: 2, padding: 3), BatchNorm(), ReLU(), MaxPool(3, stride: 2, padding: 1),
      residual(3), AdaptiveAveragePool(1),
    ],
    // The convolution in the block gates a gradient to which the sum adds before.
    "residual-gated": [
      Conv2D(3, kernel: 1), ReLU(),
      Residual {
        Conv2D(3, kernel: 3, padding: 1)
      } shortcut: {
      } after: {
      },
    ],
    // Two ReLUs on one image, of which the pooling may apply neither.
    "residual-pooled": [
      Residual {
        BatchNorm()
        ReLU()
      } shortcut: {
      } after: {
        ReLU()
      },
      MaxPool(2),
    ],
  ]

  private static func inception(_ one: Int, _ three: (Int, Int), _ five: (Int, Int), _ pool: Int) -> Concat {
    Concat(
      "Inception",
      [
        [Conv2D(one, kernel: 1), ReLU()],
        [Conv2D(three.0, kernel: 1), ReLU(), Conv2D(three.1, kernel: 3, padding: 1), ReLU()],
        [Conv2D(five.0, kernel: 1), ReLU(), Conv2D(five.1, kernel: 5, padding: 2), ReLU()],
        [MaxPool(3, stride: 1, padding: 1), Conv2D(pool, kernel: 1), ReLU()],
      ])
  }

  private static func residual(_ channels: Int, stride: Int = 1, projects: Bool = false) -> Residual {
    Residual {
      Conv2D(channels, kernel: 3, stride: stride, padding: 1)
      BatchNorm()
      ReLU()
      Conv2D(channels, kernel: 3, padding: 1)
      BatchNorm()
    } shortcut: {
      if projects { Conv2D(channels, kernel: 1, stride: stride) }
    } after: {
      ReLU()
    }
  }

  /// Table I of LeCun et al., 1998.
  private static let partialTable: [[Int]] =
    (0..<6).map { first in (0..<3).map { (first + $0) % 6 } }
    + (0..<6).map { first in (0..<4).map { (first + $0) % 6 } }
    + [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5]]

  /// Relative to the largest element: float32 sums of up to a hundred terms in another order; PyTorch's own are rounded too.
  static let tolerance: Float = 5e-6
  /// The same where a normalisation over 6 to 40 values divides differences by their deviation.
  static let toleranceBehindNormalisation: Float = 4e-5

  @Test func theFixtureIsWhole() {
    #expect(Set(Self.cases.map(\.name)) == Set(Self.layers.keys))
  }

  @Test(arguments: cases)
  func equalsPyTorch(golden: Case) throws {
    let layers = try #require(Self.layers[golden.name])
    let tolerance = golden.statistics.isEmpty ? Self.tolerance : Self.toleranceBehindNormalisation
    for kernels in [ReferenceKernels.self, try InstructionSets.best()] as [any KernelSet.Type] {
      let shape = Shape(height: golden.height, width: golden.width, channels: golden.channels)
      let graph = try Graph(
        Sequential {
          Conv2D(golden.channels, kernel: 1)
          layers
          Flatten()
          Linear(3)
        }, input: shape)
      let network = Network(graph, capacity: 2, training: true, kernels: kernels)
      network.initialize(.pytorch, seed: 0)
      for (parameter, weights) in zip(network.parameters, golden.weights) {
        weights.withUnsafeBufferPointer {
          parameter.layout.scatter(
            0..<weights.count, from: $0, into: network.values.base + parameter.slot.offset)
        }
      }
      let images = FloatBuffer(count: golden.input.count)
      for n in 0..<2 {
        for (index, place) in (0..<shape.count).map({ ($0, n * shape.count) }) {
          let (c, pixel) = (
            index / (shape.height * shape.width), index % (shape.height * shape.width)
          )
          images.base[place + pixel * shape.channels + c] = golden.input[place + index]
        }
      }
      let batch = TensorView(images.base, batch: 2, shape: shape)
      let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
      let logits = network.forward(batch, mode: .training, samples: samples)
      expectClose(Array(logits.elements), golden.logits, tolerance)
      let scored = golden.labels.withUnsafeBufferPointer {
        network.loss(logits, targets: LossTargets(labels: $0.baseAddress!), scale: 0.5)
      }
      #expect(abs(scored.loss / 2 - golden.loss) < Double(tolerance))
      for index in 0..<network.parameterCount { network.gradients.base[index] = .nan }
      network.backward(batch, samples: samples)
      let largest = golden.gradients.joined().map(abs).max() ?? 0
      for (parameter, expected) in zip(network.parameters, golden.gradients) {
        var found = [Float](repeating: 0, count: expected.count)
        found.withUnsafeMutableBufferPointer {
          parameter.layout.gather(
            0..<expected.count, from: network.gradients.base + parameter.slot.offset, into: $0)
        }
        expectClose(found, expected, tolerance, of: largest)
      }
      network.updateStatistics()
      for (statistic, expected) in zip(network.statistics, golden.statistics) {
        let found = UnsafeBufferPointer(
          start: network.values.base + statistic.slot.offset, count: statistic.slot.count)
        expectClose(Array(found), expected, tolerance)
      }
      #expect(network.statistics.count == golden.statistics.count)
      let evaluated = network.forward(batch, mode: .evaluation, samples: samples)
      expectClose(Array(evaluated.elements), golden.evaluation, tolerance)
    }
  }

  /// - Parameter network: the largest gradient of all; one below a hundredth of it, such as that of a bias which a
  ///   normalisation takes out again, is what rounding leaves.
  private func expectClose(
    _ found: [Float], _ expected: [Float], _ tolerance: Float, of network: Float = 0
  ) {
    #expect(found.count == expected.count)
    let scale = max(1e-3, expected.map(abs).max() ?? 0, network / 100)
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= tolerance * scale, "worst error \(worst) of \(scale)")
    #expect(found.allSatisfy { $0.isFinite })
  }
}
