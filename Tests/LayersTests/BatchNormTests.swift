import InstructionSets
import Kernels
import Layers
import Tensors
import Testing

@Suite struct BatchNormTests {
  private static let kernels: [any KernelSet.Type] =
    [ReferenceKernels.self] + ((try? InstructionSets.best()).map { [$0] } ?? [])

  private func network(
    _ input: Shape, capacity: Int, _ kernels: any KernelSet.Type, @LayerBuilder _ layers: () -> [any Layer]
  ) throws -> Network {
    let graph = try Graph(Sequential(layers), input: input)
    let network = Network(graph, capacity: capacity, training: true, kernels: kernels)
    network.initialize(.pytorch, seed: 1)
    return network
  }

  /// A normalisation alone, its result flattened.
  private func alone(_ input: Shape, capacity: Int, _ kernels: any KernelSet.Type) throws -> Network {
    try network(input, capacity: capacity, kernels) {
      BatchNorm()
      Flatten()
    }
  }

  /// Two images of two pixels: channel 0 holds 1, 3, 1, 3 and channel 1 holds 0, 0, 0, 4.
  @Test func byHand() throws {
    #expect(Self.kernels.count == 2)
    let shape = Shape(height: 1, width: 2, channels: 2)
    let images = TrainingImages(2, shape, classes: 2)
    for (index, value) in ([1, 0, 3, 0, 1, 0, 3, 4] as [Float]).enumerated() {
      images.buffer.base[index] = value
    }
    for kernels in Self.kernels {
      let network = try alone(shape, capacity: 2, kernels)
      let (weight, bias) = (network.parameters[0].slot.offset, network.parameters[1].slot.offset)
      for (channel, (scale, shift)) in [(2, 5), (3, -1)].enumerated() {
        network.values.base[weight + channel] = Float(scale)
        network.values.base[bias + channel] = Float(shift)
      }
      let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
      let found = network.forward(images.view(0..<2), mode: .training, samples: samples).elements
      // Variances 1 and 3; epsilon moves a number by a few millionths of it.
      let root = Float(3).squareRoot()
      let expected: [Float] = [3, -1 - root, 7, -1 - root, 3, -1 - root, 7, -1 + 3 * root]
      for (one, other) in zip(found, expected) { #expect(abs(one - other) < 5e-5) }
      network.updateStatistics()
      let running = network.runningStatistics
      let (means, variances) = (Array(running[..<2]), Array(running[16..<18]))
      // A tenth of the way from 0 to the means 2 and 1, and from 1 to the unbiased variances 4/3 and 4.
      for (one, other) in zip(means + variances, [0.2, 0.1, 0.9 + 0.4 / 3, 1.3] as [Float]) {
        #expect(abs(one - other) < 1e-6)
      }
      let evaluated = network.evaluate(images, 2)
      #expect(abs(evaluated[0] - (5 + 2 * (1 - 0.2) / variances[0].squareRoot())) < 5e-5)
      #expect(abs(evaluated[7] - (-1 + 3 * (4 - 0.1) / variances[1].squareRoot())) < 5e-5)
    }
  }

  /// PyTorch refuses one value a channel; here its deviation is 0, and the bias is what is left.
  @Test func oneValueAChannelIsFinite() throws {
    let shape = Shape(height: 1, width: 1, channels: 3)
    let images = TrainingImages(1, shape, classes: 2)
    for kernels in Self.kernels {
      let network = try network(shape, capacity: 1, kernels) {
        Conv2D(17, kernel: 1)
        BatchNorm()
        Flatten()
        Linear(2)
      }
      let bias = network.parameters[3].slot
      for channel in 0..<17 { network.values.base[bias.offset + channel] = Float(channel) - 8 }
      network.train(images, 0..<1, of: 1)
      #expect(network.gradients.elements.allSatisfy { $0.isFinite })
      // Nothing of the input comes through, and so nothing goes back to the convolution.
      #expect(network.stepGradients[..<network.parameters[2].slot.offset].allSatisfy { abs($0) < 1e-4 })
      #expect(network.stepGradients[bias.offset..<bias.offset + 17].contains { $0 != 0 })
      network.updateStatistics()
      #expect(network.runningStatistics.allSatisfy { $0.isFinite })
      #expect(network.batchesTracked == [1])
      #expect(network.evaluate(images, 1).allSatisfy { $0.isFinite })
    }
  }

  /// Statistics of two passes count by their shares of the batch.
  @Test func statisticsOfPiecesAreAveraged() throws {
    let shape = Shape(height: 1, width: 2, channels: 1)
    let images = TrainingImages(4, shape, classes: 2)
    for (index, value) in ([1, 3, 0, 0, 0, 6, 0, 6] as [Float]).enumerated() {
      images.buffer.base[index] = value
    }
    for kernels in Self.kernels {
      let network = try alone(shape, capacity: 3, kernels)
      network.train(images, 0..<1, of: 4)
      network.train(images, 1..<4, of: 4, accumulating: true)
      network.updateStatistics()
      let statistics = network.runningStatistics
      // Means 2 and 2; unbiased variances 2 (of 1, 3) and 9.6 (of 0, 0, 0, 6, 0, 6).
      #expect(abs(statistics[0] - (0.9 * 0 + 0.1 * 2)) < 1e-6)
      #expect(abs(statistics[16] - (0.9 * 1 + 0.1 * (0.25 * 2 + 0.75 * 9.6))) < 1e-5)
      // The next step begins anew.
      network.train(images, 0..<1, of: 1)
      #expect(network.stepStatistics[0] == 2 && abs(network.stepStatistics[16] - 2) < 1e-6)
    }
  }

  /// A batch that is normalised in halves is another function than the whole; where both halves have the same moments it is
  /// the same, but for the unbiased variance, which divides by fewer.
  @Test func halvesOfABatchAreNormalisedByThemselves() throws {
    let shape = Shape(height: 3, width: 2, channels: 4)
    let images = TrainingImages(4, shape, classes: 2)
    let different = TrainingImages(4, shape, classes: 2)
    images.buffer.base.advanced(by: 2 * shape.count).update(from: images.buffer.base, count: 2 * shape.count)
    for kernels in Self.kernels {
      var results: [[[Float]]] = []
      for images in [images, different] {
        let network = try network(shape, capacity: 4, kernels) {
          BatchNorm()
          ReLU()
          Flatten()
          Linear(2)
        }
        network.train(images, 0..<4, of: 4)
        results.append([network.stepGradients, network.stepStatistics])
        network.train(images, 0..<2, of: 4)
        network.train(images, 2..<4, of: 4, accumulating: true)
        results.append([network.stepGradients, network.stepStatistics])
      }
      func difference(_ one: [Float], _ other: [Float]) -> Float {
        zip(one, other).map { abs($0 - $1) }.max() ?? .infinity
      }
      #expect(difference(results[0][0], results[1][0]) < 1e-6)
      #expect(difference(results[2][0], results[3][0]) > 1e-3)
      // Means are the same in either case; 24 values against twice 12.
      #expect(difference(Array(results[2][1][..<4]), Array(results[3][1][..<4])) < 1e-6)
      for channel in 16..<20 {
        let (whole, halves) = (results[0][1][channel], results[1][1][channel])
        #expect(abs(whole / halves - (24.0 / 23) / (12.0 / 11)) < 1e-5)
      }
    }
  }

  /// A mean ten thousand times the deviation costs the digits that float32 does not have for it, and no more.
  @Test func aLargeMeanIsTakenOut() throws {
    let shape = Shape(height: 8, width: 8, channels: 3)
    let images = TrainingImages(4, shape, classes: 2, mean: 10_000)
    for kernels in Self.kernels {
      let network = try alone(shape, capacity: 4, kernels)
      let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
      let found = network.forward(images.view(0..<4), mode: .training, samples: samples).elements
      for channel in 0..<3 {
        let values = stride(from: channel, to: found.count, by: 3).map { Double(found[$0]) }
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.map { $0 * $0 }.reduce(0, +) / Double(values.count)
        // Neighbours of 10,000 are 0.001 apart; the deviation of the images is 0.58.
        #expect(abs(mean) < 2e-3 && abs(square - 1) < 5e-3)
      }
    }
  }

  @Test func aVectorIsRefused() {
    let error = #expect(throws: ShapeError.self) {
      try Graph(
        Sequential {
          Flatten()
          BatchNorm()
        }, input: Shape(height: 1, width: 2, channels: 3))
    }
    #expect(error?.description == "BatchNorm2d 1 expects an image, found 6")
  }
}
