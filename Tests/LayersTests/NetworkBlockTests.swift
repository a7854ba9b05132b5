import InstructionSets
import Kernels
import Layers
import Tensors
import Testing

/// Networks whose values and gradients are forked, sliced, added and reused.
@Suite struct NetworkBlockTests {
  private static let batch = 3

  private func network(
    _ seed: Int, capacity: Int = batch, training: Bool = true, smooth: Bool = false,
    kernels: any KernelSet.Type = ReferenceKernels.self
  ) throws -> Network {
    let graph = try Graph(RandomModel.make(seed: seed, smooth: smooth), input: RandomModel.image)
    let network = Network(graph, capacity: capacity, training: training, kernels: kernels)
    network.initialize(.pytorch, seed: UInt64(seed))
    return network
  }

  private func images(_ count: Int = batch) -> TrainingImages {
    TrainingImages(count, RandomModel.image, classes: RandomModel.classes)
  }

  private static let kernels: [any KernelSet.Type] =
    [ReferenceKernels.self] + ((try? InstructionSets.best()).map { [$0] } ?? [])

  @Test func theFastKernelsAreAmongThem() { #expect(Self.kernels.count == 2) }

  /// Buffers of a larger plan lie elsewhere, and those of a plan hold what came before, here not-a-numbers everywhere.
  @Test(arguments: 0..<40)
  func resultsDoNotDependOnThePlanNorOnWhatWasThere(seed: Int) throws {
    let images = images()
    let broken = self.images()
    broken.buffer.elements.update(repeating: .nan)
    for kernels in Self.kernels {
      let fresh = try network(seed, kernels: kernels)
      fresh.train(images, 0..<Self.batch, of: Self.batch)
      let (gradients, statistics) = (fresh.stepGradients, fresh.stepStatistics)
      #expect((gradients + statistics).allSatisfy { $0.isFinite })
      for capacity in [Self.batch, 7] {
        let used = try network(seed, capacity: capacity, kernels: kernels)
        used.train(broken, 0..<Self.batch, of: Self.batch)
        #expect(used.stepGradients.contains { $0.isNaN })
        used.train(images, 0..<Self.batch, of: Self.batch)
        #expect(used.stepGradients == gradients && used.stepStatistics == statistics)
      }
    }
  }

  /// Relative to the largest gradient: sums of float32 in another order, through a dozen layers of which some divide by the
  /// deviation of a hundred values.
  private static let tolerance: Float = 2e-4

  @Test(arguments: 0..<40)
  func theFastKernelsGiveTheGradientsOfTheReference(seed: Int) throws {
    let images = images()
    let results = try Self.kernels.map { kernels in
      let network = try network(seed, kernels: kernels)
      network.train(images, 0..<Self.batch, of: Self.batch)
      return (network.stepGradients, network.stepStatistics)
    }
    let largest = results[0].0.map(abs).max() ?? 0
    #expect(largest > 0)
    for (found, expected) in zip(results[1].0, results[0].0) {
      #expect(abs(found - expected) <= Self.tolerance * largest)
    }
    for (found, expected) in zip(results[1].1, results[0].1) {
      #expect(abs(found - expected) <= Self.tolerance * max(1, abs(expected)))
    }
  }

  /// Central differences through every fork and sum of networks without kinks; dropout is the same in every pass.
  @Test(arguments: 0..<16)
  func gradientsAreThoseOfTheLoss(seed: Int) throws {
    let images = images()
    let network = try network(seed, smooth: true)
    network.train(images, 0..<Self.batch, of: Self.batch)
    let gradients = network.stepGradients
    let overall = Double(gradients.map(abs).max() ?? 0)
    #expect(overall > 0)
    let width: Float = 1e-2
    for parameter in network.parameters {
      let part = gradients[parameter.slot.offset..<parameter.slot.offset + parameter.slot.count]
      let largest = max(Double(part.map(abs).max() ?? 0), 1e-2 * overall)
      for index in stride(from: 0, to: parameter.slot.count, by: max(1, parameter.slot.count / 3)) {
        let place = parameter.slot.offset + index
        let value = network.values.base[place]
        let losses = [value + width, value - width].map { moved in
          network.values.base[place] = moved
          return network.train(images, 0..<Self.batch, of: Self.batch) / Double(Self.batch)
        }
        network.values.base[place] = value
        let expected = (losses[0] - losses[1]) / (2 * Double(width))
        // Rounding of a loss near 1 at 2^-23, over the step; and the step squared times the third derivative.
        #expect(
          abs(Double(gradients[place]) - expected) < 1e-4 + 3e-2 * largest, "\(parameter.name)[\(index)]")
      }
    }
  }

  @Test(arguments: 0..<20)
  func anEvaluationOnlyNetworkGivesTheLogitsOfTheTrained(seed: Int) throws {
    let images = images(5)
    for kernels in Self.kernels {
      let trained = try network(seed, kernels: kernels)
      trained.train(images, 0..<Self.batch, of: Self.batch)
      trained.updateStatistics()
      let expected = trained.evaluate(images, Self.batch)
      for capacity in [Self.batch, 5] {
        let evaluated = try network(seed, capacity: capacity, training: false, kernels: kernels)
        evaluated.values.base.update(from: trained.values.base, count: trained.values.count)
        #expect(evaluated.evaluate(images, Self.batch) == expected)
        #expect(evaluated.gradients.count == 0 && evaluated.arenaCount > 0)
      }
      // Evaluation leaves no trace: not in the statistics, and not in the next step.
      let before = trained.runningStatistics
      #expect(trained.evaluate(images, Self.batch) == expected && trained.runningStatistics == before)
    }
  }

  /// Pieces of a batch add up: gradients to the sum of the pieces' own, statistics to their average.
  @Test(arguments: 0..<20)
  func piecesAddUp(seed: Int) throws {
    let images = images(4)
    for kernels in Self.kernels {
      let network = try network(seed, kernels: kernels)
      var sum = [Float](repeating: 0, count: network.values.count)
      for piece in [0..<1, 1..<4] {
        network.train(images, piece, of: 4)
        for (index, value) in network.gradients.elements.enumerated() { sum[index] += value }
      }
      network.train(images, 0..<1, of: 4)
      network.train(images, 1..<4, of: 4, accumulating: true)
      let largest = sum.map(abs).max() ?? 0
      for (found, expected) in zip(network.gradients.elements, sum) {
        #expect(abs(found - expected) <= Self.tolerance * largest)
      }
    }
  }

  @Test(arguments: 0..<20)
  func aRankWithoutSamplesAddsNothing(seed: Int) throws {
    for kernels in Self.kernels {
      let network = try network(seed, kernels: kernels)
      network.gradients.elements.update(repeating: .nan)
      let loss = network.train(images(0), 0..<0, of: 4)
      #expect(loss == 0)
      #expect(network.gradients.elements.allSatisfy { $0 == 0 })
      network.updateStatistics()
      #expect(network.runningStatistics.allSatisfy { $0.isFinite })
    }
  }

  /// Branches at the end of a network: the logits are all of them, and all of them get their gradient. The same as one
  /// convolution with the filters of both.
  @Test func aNetworkMayEndInBranches() throws {
    func network(_ last: any Layer, _ kernels: any KernelSet.Type) throws -> Network {
      let model = Sequential {
        AdaptiveAveragePool(1)
        last
        Flatten()
      }
      let graph = try Graph(model, input: RandomModel.image)
      return Network(graph, capacity: Self.batch, training: true, kernels: kernels)
    }
    let images = images()
    for kernels in Self.kernels {
      let one = try network(Conv2D(5, kernel: 1), kernels)
      let two = try network(Concat("Fork", [[Conv2D(2, kernel: 1)], [Conv2D(3, kernel: 1)]]), kernels)
      #expect(two.output.count == 5)
      one.initialize(.pytorch, seed: 3)
      // Filters in memory are (in, out): where element (from, to) of the whole lies in the branches.
      let slots = two.parameters.map(\.slot.offset)
      let places = (0..<3).flatMap { from in
        (0..<5).map { $0 < 2 ? slots[0] + from * 2 + $0 : slots[2] + from * 3 + $0 - 2 }
      }
      let biases = (0..<5).map { $0 < 2 ? slots[1] + $0 : slots[3] + $0 - 2 }
      let offsets = one.parameters.map(\.slot.offset)
      let pairs =
        places.enumerated().map { (offsets[0] + $0, $1) } + biases.enumerated().map { (offsets[1] + $0, $1) }
      for (whole, part) in pairs { two.values.base[part] = one.values.base[whole] }
      let losses = [one, two].map { $0.train(images, 0..<Self.batch, of: Self.batch) }
      #expect(abs(losses[0] - losses[1]) < 1e-6)
      for (whole, part) in pairs {
        #expect(abs(two.stepGradients[part] - one.stepGradients[whole]) < 1e-6)
      }
      for (found, expected) in zip(two.evaluate(images, Self.batch), one.evaluate(images, Self.batch)) {
        #expect(abs(found - expected) < 1e-6)
      }
    }
  }
}
