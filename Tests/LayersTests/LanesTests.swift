import InstructionSets
import Kernels
import Layers
import Tensors
import Testing
import Threads

/// A network that several threads compute, or several ranks, against one that a single thread computes.
@Suite struct LanesTests {
  private static let image = Shape(height: 16, width: 16, channels: 3)
  private static let classes = 10
  private static let batch = 8

  /// Its first linear layer is large enough that its gradient comes from factors.
  private static func model(normalised: Bool) -> Sequential {
    Sequential {
      Conv2D(16, kernel: 3, padding: 1)
      if normalised { BatchNorm() } else { Tanh() }
      ReLU()
      Conv2D(16, kernel: 3, padding: 1)
      ReLU()
      Flatten()
      Linear(64)
      ReLU()
      Dropout(0.5)
      Linear(classes)
    }
  }

  private func network(
    threads: Int = 1, ranks: Int? = nil, capacity: Int = batch, normalised: Bool = true,
    kernels: any KernelSet.Type
  ) throws -> Network {
    let graph = try Graph(Self.model(normalised: normalised), input: Self.image)
    let network = Network(
      graph, capacity: capacity, training: true, kernels: kernels,
      team: ThreadTeam(count: threads, name: "lane"), ranks: ranks)
    network.initialize(.he, seed: 5)
    return network
  }

  private let images = TrainingImages(Self.batch, Self.image, classes: Self.classes)

  /// Sums of float32 in another order.
  private static let tolerance: Float = 1e-5

  private func expectClose(_ found: [Float], _ expected: [Float], _ what: String) {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(found.count == expected.count && largest > 0, "\(what)")
    #expect(worst <= Self.tolerance * largest, "\(what): off by \(worst) of \(largest)")
  }

  /// Images that are all alike have the same mean and variance in every lane.
  private func alike() -> TrainingImages {
    let images = TrainingImages(Self.batch, Self.image, classes: Self.classes)
    for sample in 1..<Self.batch {
      (images.buffer.base + sample * Self.image.count).update(
        from: images.buffer.base, count: Self.image.count)
    }
    return images
  }

  @Test(arguments: [2, 3, 8])
  func threadsComputeWhatOneDoes(threads: Int) throws {
    let kernels = try InstructionSets.best()
    let one = try network(normalised: false, kernels: kernels)
    let many = try network(threads: threads, normalised: false, kernels: kernels)
    let losses = [one, many].map { $0.train(images, 0..<Self.batch, of: Self.batch) }
    #expect(abs(losses[0] - losses[1]) < 1e-9 * abs(losses[0]))
    expectClose(many.stepGradients, one.stepGradients, "gradients")
    #expect(abs(many.sumOfGradientSquares() / one.sumOfGradientSquares() - 1) < 1e-5)
    let normalised = [try network(kernels: kernels), try network(threads: threads, kernels: kernels)]
    for pair in [[one, many], normalised] {
      #expect(pair[0].evaluate(images, Self.batch) == pair[1].evaluate(images, Self.batch))
    }
  }

  /// Each lane normalises its own samples; their statistics are averaged.
  @Test(arguments: [2, 3, 8])
  func statisticsAreTheAverageOfTheLanes(threads: Int) throws {
    let kernels = try InstructionSets.best()
    let images = alike()
    let (one, many) = (try network(kernels: kernels), try network(threads: threads, kernels: kernels))
    for network in [one, many] { network.train(images, 0..<Self.batch, of: Self.batch) }
    let average = zip(one.statistics, many.statistics)
    #expect(one.statistics.count == 2 && average.allSatisfy { $0.slot == $1.slot })
    let (found, expected) = (many.stepStatistics, one.stepStatistics)
    // Means do not depend on how many pixels there are; the unbiased variance does, by n / (n - 1).
    let means = 0..<16
    expectClose(Array(found[means]), Array(expected[means]), "means")
    let pixels = Double(Self.image.height * Self.image.width)
    let shares = (0..<threads).map { Self.batch * ($0 + 1) / threads - Self.batch * $0 / threads }
    let factor = shares.map { Double($0) / 8 * (Double($0) * pixels / (Double($0) * pixels - 1)) }.reduce(
      0, +)
    let whole = 8 * pixels / (8 * pixels - 1)
    expectClose(
      Array(found[16...]), expected[16...].map { Float(Double($0) / whole * factor) }, "variances")
  }

  /// Pieces of a batch are added up, and the lanes' gradients come together once.
  @Test(arguments: [1, 2])
  func piecesAddUp(threads: Int) throws {
    let kernels = try InstructionSets.best()
    let images = alike()
    let whole = try network(normalised: false, kernels: kernels)
    let pieces = try network(threads: threads, normalised: false, kernels: kernels)
    whole.train(images, 0..<8, of: 8)
    for piece in 0..<2 {
      let samples = SampleKeys(seed: 9, step: 1, firstPosition: piece * 4, shards: Shards(whole: 4, of: 8))
      let view = images.view(piece * 4..<piece * 4 + 4)
      let logits = pieces.forward(view, mode: .training, samples: samples, accumulating: piece > 0)
      images.labels.withUnsafeBufferPointer {
        _ = pieces.loss(logits, targets: LossTargets(labels: $0.baseAddress! + piece * 4), scale: 1 / 8)
      }
      pieces.backward(view, samples: samples, accumulating: piece > 0, completing: piece == 1)
    }
    expectClose(pieces.stepGradients, whole.stepGradients, "gradients")
  }

  @Test(arguments: [1, 2])
  func factorsGiveTheGradient(threads: Int) throws {
    let kernels = try InstructionSets.best()
    let images = alike()
    let plain = try network(normalised: false, kernels: kernels)
    let factored = try network(threads: threads, ranks: 1, normalised: false, kernels: kernels)
    #expect(plain.factors.isEmpty && factored.factors.count == 1)
    plain.train(images, 0..<Self.batch, of: Self.batch)
    for _ in 0..<2 { factored.train(images, 0..<Self.batch, of: Self.batch) }
    expectClose(factored.stepGradients, plain.stepGradients, "gradients")
    #expect(abs(factored.sumOfGradientSquares() / plain.sumOfGradientSquares() - 1) < 1e-5)
    let weight = try #require(factored.factors.first).weightRange
    let squares = factored.gradientSources[0].sumOfSquares(of: weight, kernels)
    let expected = plain.gradientSources[0].sumOfSquares(of: weight, kernels)
    #expect(expected > 0 && abs(squares / expected - 1) < 1e-5)

    // Pieces that begin and end within a row are those of the whole.
    let whole = factored.stepGradients
    var found: [Float] = []
    let part = weight.lowerBound + 70..<weight.lowerBound + 70_001
    factored.gradientSources[0].forEachPiece(of: part) { offset, piece in
      #expect(offset == part.lowerBound + found.count)
      found += Array(piece)
    }
    #expect(found == Array(whole[part]))
  }

  /// Takes the place of the other ranks: keeps this rank's rows, and copies those of all ranks where they are waited for.
  private final class Exchange: GradientExchange {
    var rows: [(x: [Float], dy: [Float])] = []

    func gradientsReady(from offset: Int) {}
    func factorsReady(_ factors: GradientFactors) { rows.append((Array(factors.x), Array(factors.dy))) }
    func waitForFactors(_ factors: GradientFactors) {
      for rank in 0..<rows.count {
        for (index, value) in rows[rank].x.enumerated() {
          factors.allX[rank * factors.x.count + index] = value
        }
        for (index, value) in rows[rank].dy.enumerated() {
          factors.allDy[rank * factors.dy.count + index] = value
        }
      }
    }
  }

  /// The large gradients have the same bits on one rank and on two, also where the second has a sample less.
  @Test(arguments: [8, 7])
  func factorsOfTwoRanksAreThoseOfOne(samples: Int) throws {
    let kernels = try InstructionSets.best()
    let images = alike()
    let one = try network(ranks: 1, normalised: false, kernels: kernels)
    one.train(images, 0..<samples, of: samples)
    let exchange = Exchange()
    var two: [Network] = []
    for range in [0..<4, 4..<samples] {
      let network = try network(ranks: 2, capacity: 4, normalised: false, kernels: kernels)
      network.train(images, range, of: samples, exchange: exchange)
      two.append(network)
    }
    let range = try #require(one.factors.first).range
    let last = try #require(two.last)
    // The first rank has not seen the second's rows: it shows that the range depends on them.
    #expect(two[0].stepGradients[range] != one.stepGradients[range])
    #expect(last.stepGradients[range] == one.stepGradients[range])
  }

  /// Without the other ranks, a rank's gradient is its own: what a search for a spoiled gradient needs.
  @Test func withoutAnExchangeTheGradientIsTheRanksOwn() throws {
    let kernels = try InstructionSets.best()
    let (alone, one) = (try network(kernels: kernels), try network(ranks: 2, kernels: kernels))
    for network in [alone, one] { network.train(images, 0..<Self.batch, of: Self.batch) }
    #expect(one.stepGradients == alone.stepGradients)
  }
}
