import Foundation
import InstructionSets
import Kernels
import Layers
import Models
import Tensors
import Testing

/// PyTorch's results for all fifteen networks at small image sizes; `scripts/goldens/networks.py` makes the fixture, from
/// weights and images that both sides work out.
@Suite(.serialized) struct NetworkGoldenTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Gradient: Decodable {
      var name: String
      var norm: Double
      var elements: [Double]
    }
    var name: String
    var size: Int
    var batch: Int
    var salt: UInt64
    var loss: Double
    var logits: [[Double]]
    var evaluation: [[Double]]
    var gradients: [Gradient]
    var statistics: Double
    var testDescription: String { "\(name)@\(size)" }
  }

  static let cases: [Case] = {
    let url = Bundle.module.url(forResource: "networks", withExtension: "json", subdirectory: "Fixtures")
    guard let url, let data = try? Data(contentsOf: url) else { return [] }
    return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
  }()

  /// Relative to the largest logit and to the loss: float32 sums against double precision, through up to twenty layers. A
  /// wrong factor or a lost term shows as 1e-2 or more.
  private static let tolerance = 1e-4
  /// Relative to each gradient's norm. Rounding is far below; but where a ReLU's input is within 1e-5 of zero, rounding
  /// decides whether its gradient passes, and one of a small map is 3e-4 of a norm.
  private static let gradientTolerance = 1e-3
  /// Gradients below this part of the largest norm are what rounding leaves, and are compared with that norm: a bias in front
  /// of a normalisation has none.
  private static let zero = 1e-6

  @Test func everyNetworkHasACase() {
    #expect(Self.cases.map(\.name) == ModelRegistry.all.map(\.name))
  }

  @Test(arguments: cases)
  func equalsPyTorch(_ golden: Case) throws {
    let model = try #require(ModelRegistry.named(golden.name))
    let graph = try model.graph(size: golden.size, classes: model.classes, dropout: 0)
    let network = Network(graph, capacity: golden.batch, training: true, kernels: try InstructionSets.best())
    fill(network, salt: golden.salt)
    let images = images(network.input, batch: golden.batch, salt: golden.salt)
    let batch = TensorView(images.base, batch: golden.batch, shape: network.input)
    let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)

    let evaluated = network.forward(batch, mode: .evaluation, samples: samples)
    expectLogits(evaluated, golden.evaluation)
    let logits = network.forward(batch, mode: .training, samples: samples)
    expectLogits(logits, golden.logits)
    let labels = (0..<golden.batch).map { UInt8(3 * $0) }
    let loss = labels.withUnsafeBufferPointer {
      network.loss(
        logits, targets: LossTargets(labels: $0.baseAddress!), scale: 1 / Float(golden.batch)
      ).loss / Double(golden.batch)
    }
    #expect(abs(loss - golden.loss) <= Self.tolerance * golden.loss)

    network.backward(batch, samples: samples)
    #expect(network.parameters.map(\.name) == golden.gradients.map(\.name))
    let largest = golden.gradients.map(\.norm).max() ?? 0
    for (parameter, expected) in zip(network.parameters, golden.gradients) {
      let memory = network.gradients.base + parameter.slot.offset
      let norm = sumOfSquares(memory, parameter.slot.count).squareRoot()
      let scale = expected.norm > Self.zero * largest ? expected.norm : largest
      #expect(abs(norm - expected.norm) <= Self.gradientTolerance * scale, "the norm of \(expected.name)")
      let count = parameter.slot.count
      for (place, value) in zip([0, count / 2, count - 1], expected.elements) {
        var found: Float = .nan
        withUnsafeMutablePointer(to: &found) {
          parameter.layout.gather(
            place..<place + 1, from: memory, into: UnsafeMutableBufferPointer(start: $0, count: 1))
        }
        #expect(
          abs(Double(found) - value) <= Self.gradientTolerance * scale, "element \(place) of \(expected.name)"
        )
      }
    }

    network.updateStatistics()
    let statistics = network.statistics.map {
      sumOfSquares(network.values.base + $0.slot.offset, $0.slot.count)
    }.reduce(0, +).squareRoot()
    #expect(abs(statistics - golden.statistics) <= Self.tolerance * golden.statistics)
    #expect(network.batchesTracked.allSatisfy { $0 == 1 })
  }

  private func sumOfSquares(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Double {
    (0..<count).reduce(0) { $0 + Double(values[$1]) * Double(values[$1]) }
  }

  /// The first ten logits of each sample and the last.
  private func expectLogits(_ logits: TensorView, _ expected: [[Double]]) {
    let classes = logits.shape.count
    let scale = expected.joined().map(abs).max() ?? 0
    for (sample, row) in expected.enumerated() {
      for (place, value) in zip(Array(0..<10) + [classes - 1], row) {
        let found = Double(logits.base[sample * classes + place])
        #expect(abs(found - value) <= Self.tolerance * scale, "logit \(place) of sample \(sample)")
      }
    }
  }

  // MARK: Numbers that both sides work out

  /// A number in [-1, 1), a multiple of 2^-23: MurmurHash3's finaliser of a place and a salt.
  private func uniform(_ place: Int, _ salt: UInt64) -> Float {
    var hash = UInt32(truncatingIfNeeded: UInt64(place) &* 2_654_435_761 &+ salt &* 40503)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    hash ^= hash >> 16
    return Float(hash >> 8) * 0x1p-23 - 1
  }

  private func fill(_ network: Network, salt: UInt64) {
    for (index, parameter) in network.parameters.enumerated() {
      let salt = salt + 1 + UInt64(index)
      let shape = parameter.layout.torchShape
      let isVector = shape.count == 1
      let bound = (6 / Float(shape.dropFirst().reduce(1, *))).squareRoot()
      let middle: Float = parameter.name.hasSuffix("weight") ? 1 : 0
      let values = (0..<parameter.slot.count).map {
        isVector ? middle + 0.25 * uniform($0, salt) : bound * uniform($0, salt)
      }
      values.withUnsafeBufferPointer {
        parameter.layout.scatter(
          0..<values.count, from: $0, into: network.values.base + parameter.slot.offset)
      }
    }
    for (index, statistic) in network.statistics.enumerated() {
      let values = network.values.base + statistic.slot.offset
      for place in 0..<statistic.slot.count {
        let value = uniform(place, salt + 1001 + UInt64(index))
        values[place] = index % 2 == 0 ? 0.25 * value : 1 + 0.5 * value
      }
    }
  }

  /// The images, which PyTorch counts channel by channel.
  private func images(_ shape: Shape, batch: Int, salt: UInt64) -> FloatBuffer {
    let images = FloatBuffer(count: batch * shape.count)
    let pixels = shape.height * shape.width
    for sample in 0..<batch {
      for channel in 0..<shape.channels {
        for pixel in 0..<pixels {
          let place = (sample * shape.channels + channel) * pixels + pixel
          images.base[(sample * pixels + pixel) * shape.channels + channel] = uniform(place, salt)
        }
      }
    }
    return images
  }
}
