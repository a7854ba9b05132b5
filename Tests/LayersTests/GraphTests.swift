import Kernels
import Layers
import Tensors
import Testing

/// What planning makes of forks, sums and slices; that the numbers are right is the goldens' business.
@Suite struct GraphTests {
  private static let image = Shape(height: 4, width: 4, channels: 3)

  private static let inception = Concat(
    "Inception",
    [
      [Conv2D(2, kernel: 1).named("a"), ReLU()],
      [Conv2D(2, kernel: 1).named("b1"), ReLU(), Conv2D(3, kernel: 3, padding: 1).named("b2"), ReLU()],
      [MaxPool(3, stride: 1, padding: 1), Conv2D(1, kernel: 1).named("c"), ReLU()],
    ])

  @Test func activationsAreFusedAndBranchesWriteInPlace() throws {
    let graph = try Graph(Self.inception, input: Self.image)
    // Four convolutions and the pooling; no ReLU and no copy is left.
    #expect(graph.operatorCount == 5)
    #expect(graph.parameters.map(\.name).prefix(4) == ["a.weight", "a.bias", "b1.weight", "b1.bias"])
  }

  @Test func normalisationsAndSumsTakeTheirReLU() throws {
    let block = Residual {
      Conv2D(3, kernel: 3, padding: 1).named("conv1")
      BatchNorm().named("bn1")
      ReLU()
      Conv2D(3, kernel: 3, padding: 1).named("conv2")
      BatchNorm().named("bn2")
    } shortcut: {
    } after: {
      ReLU()
    }
    let graph = try Graph(Sequential { block }, input: Self.image)
    #expect(graph.operatorCount == 5)
    #expect(
      graph.statistics.map(\.name) == [
        "0.bn1.running_mean", "0.bn1.running_var", "0.bn2.running_mean", "0.bn2.running_var",
      ])
    #expect(graph.counters == ["0.bn1.num_batches_tracked", "0.bn2.num_batches_tracked"])
    #expect(graph.parameters.filter(\.decays).map(\.name) == ["0.conv1.weight", "0.conv2.weight"])
  }

  @Test func denseLayersShareOneImage() throws {
    let model = Sequential {
      DenseBlock(convolutions: 3, growth: 2)
      AdaptiveAveragePool(1)
    }
    let graph = try Graph(model, input: Self.image)
    // One copy of the input, then a normalisation and a convolution a layer, and the pooling.
    #expect(graph.operatorCount == 1 + 3 * 2 + 1)
    let names = graph.modules.map { "\($0.depth) \($0.name) \($0.kind)" }
    #expect(
      names[1...4] == [
        "1 0 DenseBlock", "2 0.layers ModuleList", "3 0.layers.0 Sequential", "4 0.layers.0.0 BatchNorm2d",
      ])
    #expect(graph.modules[1].output == Shape(height: 4, width: 4, channels: 9))
    #expect(graph.modules[2].output == nil)
  }

  @Test func blocksSayWhatDoesNotFit() throws {
    let branches = Concat("Inception", [[Conv2D(1, kernel: 1)], [Conv2D(1, kernel: 3)]])
    #expect(throws: ShapeError.self) { try Graph(branches, input: Self.image) }
    let block = Residual {
      Conv2D(4, kernel: 1)
    } shortcut: {
    } after: {
    }
    let error = #expect(throws: ShapeError.self) { try Graph(Sequential { block }, input: Self.image) }
    #expect(error?.description == "Residual 0 expects a shortcut of 4x4x4, found 3x4x4")
    let deep = Sequential { Sequential { Linear(3) } }
    let flat = #expect(throws: ShapeError.self) { try Graph(deep, input: Self.image) }
    #expect(flat?.description == "Linear 0.0 expects a vector (Flatten() makes one), found 3x4x4")
  }

  /// Chains of blocks of every kind, so that values and gradients are forked, sliced, added and reused.
  private static var model: Sequential {
    Sequential {
      Conv2D(4, kernel: 3, padding: 1)
      BatchNorm()
      ReLU()
      DenseBlock(convolutions: 2, growth: 3)
      inception
      Residual {
        Conv2D(8, kernel: 3, stride: 2, padding: 1)
        BatchNorm()
        ReLU()
        Conv2D(8, kernel: 3, padding: 1)
      } shortcut: {
        Conv2D(8, kernel: 1, stride: 2)
      } after: {
        ReLU()
      }
      AdaptiveAveragePool(1)
      Flatten()
      Dropout(0.3)
      Linear(3)
    }
  }

  private func network(capacity: Int, training: Bool = true) throws -> Network {
    let graph = try Graph(Self.model, input: Self.image)
    let network = Network(graph, capacity: capacity, training: training, kernels: ReferenceKernels.self)
    network.initialize(.he, seed: 5)
    return network
  }

  private func images(_ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: max(1, count * Self.image.count))
    let random = RandomStream(seed: 2, .synthetic)
    for index in 0..<buffer.count { buffer.base[index] = random.uniform(index) }
    return buffer
  }

  /// A training step; returns gradients and statistics.
  private func step(_ network: Network, _ images: FloatBuffer, batch: Int) -> [Float] {
    let view = TensorView(images.base, batch: batch, shape: Self.image)
    let samples = SampleKeys(seed: 9, step: 1, firstPosition: 0)
    let labels = [UInt8](repeating: 1, count: max(1, batch))
    let logits = network.forward(view, mode: .training, samples: samples)
    _ = labels.withUnsafeBufferPointer {
      network.loss(logits, targets: LossTargets(labels: $0.baseAddress!), scale: 1 / Float(max(1, batch)))
    }
    network.backward(view, samples: samples)
    return Array(network.gradients.elements)
  }

  /// Buffers of a larger plan lie elsewhere; what is computed must not depend on it, nor on what they held before.
  @Test func resultsDoNotDependOnThePlan() throws {
    let images = images(3)
    let small = try network(capacity: 3)
    let large = try network(capacity: 7)
    let first = step(small, images, batch: 3)
    #expect(first == step(large, images, batch: 3))
    #expect(first == step(small, images, batch: 3))
    #expect(first.allSatisfy { $0.isFinite })
    #expect(large.arenaCount > small.arenaCount)
  }

  @Test func aRankWithoutSamplesAddsNothing() throws {
    let network = try network(capacity: 2)
    let gradients = step(network, images(0), batch: 0)
    #expect(gradients.allSatisfy { $0 == 0 })
  }

  /// PyTorch refuses one value a channel; here its deviation is 0, and the bias is what is left.
  @Test func oneValueAChannelIsFinite() throws {
    let graph = try Graph(
      Sequential {
        BatchNorm()
        Flatten()
        Linear(2)
      }, input: Shape(height: 1, width: 1, channels: 3))
    let network = Network(graph, capacity: 1, training: true, kernels: ReferenceKernels.self)
    network.initialize(.pytorch, seed: 1)
    let images = FloatBuffer(count: 3)
    for index in 0..<3 { images.base[index] = Float(index) }
    let view = TensorView(images.base, batch: 1, shape: network.input)
    let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
    let logits = network.forward(view, mode: .training, samples: samples)
    #expect(logits.elements.allSatisfy { $0.isFinite })
    network.updateStatistics()
    #expect(network.batchesTracked == [1])
  }

  /// Statistics of two passes count by their shares of the batch.
  @Test func statisticsOfPiecesAreAveraged() throws {
    let graph = try Graph(BatchNorm(), input: Shape(height: 1, width: 2, channels: 1))
    let network = Network(graph, capacity: 3, training: true, kernels: ReferenceKernels.self)
    network.initialize(.pytorch, seed: 1)
    let images = FloatBuffer(count: 8)
    for (index, value) in ([1, 3, 0, 0, 0, 6, 0, 6] as [Float]).enumerated() { images.base[index] = value }
    for (first, batch) in [(0, 1), (1, 3)] {
      let view = TensorView(images.base + 2 * first, batch: batch, shape: network.input)
      _ = network.forward(
        view, mode: .training,
        samples: SampleKeys(seed: 0, step: 0, firstPosition: first, share: Float(batch) / 4),
        accumulating: first > 0)
    }
    network.updateStatistics()
    let statistics = network.values.base + network.parameterCount
    // Means 2 and 2; unbiased variances 2 (of 1, 3) and 9.6 (of 0, 0, 0, 6, 0, 6).
    #expect(abs(statistics[0] - (0.9 * 0 + 0.1 * 2)) < 1e-6)
    #expect(abs(statistics[16] - (0.9 * 1 + 0.1 * (0.25 * 2 + 0.75 * 9.6))) < 1e-5)
  }
}
