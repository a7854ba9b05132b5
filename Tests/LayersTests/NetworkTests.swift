import Kernels
import Layers
import Tensors
import Testing

@Suite struct NetworkTests {
  private static let image = Shape(height: 6, width: 6, channels: 1)

  private static func model(dropout: Double = 0.5) -> Sequential {
    Sequential {
      Conv2D(4, kernel: 3, padding: 1)
      Tanh()
      MaxPool(2)
      Conv2D(3, kernel: 2)
      ReLU()
      Flatten()
      Linear(8)
      Sigmoid()
      Dropout(dropout)
      Linear(3)
    }
  }

  /// Everything of a training step but the update.
  private func step(
    _ network: Network, _ images: FloatBuffer, batch: Int, labels: [UInt8], globalBatch: Int,
    firstPosition: Int = 0,
    step: Int = 1, accumulating: Bool = false, exchange: (any GradientExchange)? = nil
  ) -> Double {
    let view = TensorView(images.base + firstPosition * Self.image.count, batch: batch, shape: Self.image)
    let samples = SampleKeys(seed: 9, step: step, firstPosition: firstPosition)
    let logits = network.forward(view, mode: .training, samples: samples)
    let loss = labels.withUnsafeBufferPointer {
      network.loss(
        logits, targets: LossTargets(labels: $0.baseAddress! + firstPosition), scale: 1 / Float(globalBatch)
      ).loss
    }
    network.backward(view, samples: samples, accumulating: accumulating, exchange: exchange)
    return loss
  }

  private func randomImages(_ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count * Self.image.count)
    let random = RandomStream(seed: 2, .synthetic)
    for index in 0..<buffer.count { buffer.base[index] = random.uniform(index) - 0.5 }
    return buffer
  }

  private func network(capacity: Int = 4, dropout: Double = 0.5) throws -> Network {
    let graph = try Graph(Self.model(dropout: dropout), input: Self.image)
    let network = Network(graph, capacity: capacity, training: true, kernels: ReferenceKernels.self)
    network.initialize(.xavier, seed: 5)
    return network
  }

  private static let labels: [UInt8] = [0, 2, 1, 1]

  /// Central differences with a step that balances truncation against rounding in float32.
  @Test func gradientsAreThoseOfTheLoss() throws {
    let network = try network()
    let images = randomImages(4)
    _ = step(network, images, batch: 4, labels: Self.labels, globalBatch: 4)
    let gradients = Array(network.gradients.elements)
    let width: Float = 1e-2
    for parameter in network.parameters {
      for index in stride(from: 0, to: parameter.slot.count, by: max(1, parameter.slot.count / 7)) {
        let place = parameter.slot.offset + index
        let value = network.values.base[place]
        network.values.base[place] = value + width
        let above = step(network, images, batch: 4, labels: Self.labels, globalBatch: 4)
        network.values.base[place] = value - width
        let below = step(network, images, batch: 4, labels: Self.labels, globalBatch: 4)
        network.values.base[place] = value
        let expected = (above - below) / (2 * Double(width) * 4)
        // Kinks of ReLU and max pooling within the step, and rounding: a hundredth of the largest gradient.
        #expect(abs(Double(gradients[place]) - expected) < 4e-3, "\(parameter.name)[\(index)]")
      }
    }
  }

  /// What makes data parallelism exact: dropout follows the position in the global batch, and gradients add up.
  @Test func halvesOfABatchAddUpToTheWhole() throws {
    let images = randomImages(4)
    let whole = try network()
    let loss = step(whole, images, batch: 4, labels: Self.labels, globalBatch: 4)
    let halves = try network(capacity: 2)
    let first = step(halves, images, batch: 2, labels: Self.labels, globalBatch: 4)
    let second = step(
      halves, images, batch: 2, labels: Self.labels, globalBatch: 4, firstPosition: 2, accumulating: true)
    #expect(abs(first + second - loss) < 1e-5)
    for (one, other) in zip(whole.gradients.elements, halves.gradients.elements) {
      #expect(abs(one - other) < 1e-6)
    }
  }

  @Test func gradientsStartFromZeroUnlessAccumulating() throws {
    let network = try network()
    let images = randomImages(4)
    _ = step(network, images, batch: 4, labels: Self.labels, globalBatch: 4)
    let once = Array(network.gradients.elements)
    network.gradients.elements.update(repeating: 7)
    _ = step(network, images, batch: 4, labels: Self.labels, globalBatch: 4)
    #expect(Array(network.gradients.elements) == once)
    _ = step(network, images, batch: 4, labels: Self.labels, globalBatch: 4, accumulating: true)
    for (index, value) in once.enumerated() { #expect(abs(network.gradients.base[index] - 2 * value) < 1e-6) }
  }

  @Test func anEmptyBatchHasNoLossAndNoGradient() throws {
    let network = try network()
    network.gradients.elements.update(repeating: 7)
    let loss = step(network, randomImages(1), batch: 0, labels: [0], globalBatch: 4)
    #expect(loss == 0)
    #expect(network.gradients.elements.allSatisfy { $0 == 0 })
  }

  @Test func readinessGoesFromTheLastParameterToTheFirst() throws {
    let network = try network()
    let log = ReadinessLog()
    _ = step(network, randomImages(4), batch: 4, labels: Self.labels, globalBatch: 4, exchange: log)
    let weights = network.parameters.filter { $0.role == .weight }.map(\.slot.offset)
    #expect(log.offsets == Array(weights.reversed()))
    #expect(log.offsets.last == 0)
  }

  @Test func dropoutChangesWithTheStepAndIsAbsentInEvaluation() throws {
    let network = try network()
    let images = randomImages(4)
    let view = TensorView(images.base, batch: 4, shape: Self.image)
    func logits(_ mode: Mode, step: Int) -> [Float] {
      Array(
        network.forward(view, mode: mode, samples: SampleKeys(seed: 9, step: step, firstPosition: 0)).elements
      )
    }
    #expect(logits(.training, step: 1) == logits(.training, step: 1))
    #expect(logits(.training, step: 1) != logits(.training, step: 2))
    #expect(logits(.evaluation, step: 1) == logits(.evaluation, step: 2))
    let plain = try self.network(dropout: 0)
    #expect(
      Array(
        plain.forward(view, mode: .training, samples: SampleKeys(seed: 9, step: 1, firstPosition: 0)).elements
      )
        == logits(.evaluation, step: 1))
  }

  @Test func theArenaIsSmallerThanItsBuffersTogether() throws {
    let graph = try Graph(Self.model(), input: Self.image)
    let training = Network(graph, capacity: 64, training: true, kernels: ReferenceKernels.self)
    let evaluation = Network(graph, capacity: 64, training: false, kernels: ReferenceKernels.self)
    #expect(evaluation.arenaCount < training.arenaCount)
    #expect(evaluation.gradients.count == 0)
    // The first convolution's output and its gradient alone, without sharing, would be this large.
    #expect(evaluation.arenaCount <= 64 * (36 + 36 + 9) * 4)
  }

  @Test(arguments: Initialization.allCases)
  func initializationDependsOnTheSeedAlone(scheme: Initialization) throws {
    let network = try network()
    network.initialize(scheme, seed: 5)
    let first = Array(network.values.elements)
    network.initialize(scheme, seed: 6)
    #expect(Array(network.values.elements) != first)
    network.initialize(scheme, seed: 5)
    #expect(Array(network.values.elements) == first)
    let bias = network.parameters[1]
    let biases = first[bias.slot.offset..<bias.slot.offset + bias.slot.count]
    switch scheme {
    case .pytorch: #expect(biases.allSatisfy { abs($0) <= 1 / 3 && $0 != 0 })
    case .he, .xavier: #expect(biases.allSatisfy { $0 == 0 })
    }
  }
}
