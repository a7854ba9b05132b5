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
  ]

  /// Relative to the largest element: float32 sums of up to a hundred terms in another order.
  static let tolerance: Float = 2e-6

  @Test func theFixtureIsWhole() {
    #expect(Set(Self.cases.map(\.name)) == Set(Self.layers.keys))
  }

  @Test(arguments: cases)
  func equalsPyTorch(golden: Case) throws {
    let layers = try #require(Self.layers[golden.name])
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
      expectClose(Array(logits.elements), golden.logits)
      let scored = golden.labels.withUnsafeBufferPointer {
        network.loss(logits, targets: LossTargets(labels: $0.baseAddress!), scale: 0.5)
      }
      #expect(abs(scored.loss / 2 - golden.loss) < Double(Self.tolerance))
      network.gradients.elements.update(repeating: .nan)
      network.backward(batch, samples: samples)
      for (parameter, expected) in zip(network.parameters, golden.gradients) {
        var found = [Float](repeating: 0, count: expected.count)
        found.withUnsafeMutableBufferPointer {
          parameter.layout.gather(
            0..<expected.count, from: network.gradients.base + parameter.slot.offset, into: $0)
        }
        expectClose(found, expected)
      }
    }
  }

  private func expectClose(_ found: [Float], _ expected: [Float]) {
    #expect(found.count == expected.count)
    let scale = max(1e-3, expected.map(abs).max() ?? 0)
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= Self.tolerance * scale, "worst error \(worst) of \(scale)")
    #expect(found.allSatisfy { $0.isFinite })
  }
}
