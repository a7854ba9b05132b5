import InstructionSets
import Kernels
import Layers
import Tensors
import Testing
import Threads

/// Networks whose first operators run shard by shard compute what each shard alone would.
@Suite struct ShardByShardTests {
  private static let classes = 4
  private static let shards = 4

  /// Large images first, with every kind of operator that leaves something for backward; small ones behind.
  private static var model: Sequential {
    Sequential {
      Conv2D(32, kernel: 3, padding: 1)
      ReLU()
      MaxPool(2)
      Conv2D(32, kernel: 3, padding: 1)
      BatchNorm()
      ReLU()
      Dropout(0.25)
      Residual {
        Conv2D(32, kernel: 3, padding: 1)
        BatchNorm()
      } shortcut: {
      } after: {
        ReLU()
      }
      Concat("Inception", [[Conv2D(24, kernel: 1), ReLU()], [MaxPool(3, stride: 1, padding: 1)]])
      AveragePool(8)
      Conv2D(64, kernel: 3, padding: 1)
      BatchNorm()
      Tanh()
      Flatten()
      Linear(classes)
    }
  }

  private static func image(_ channels: Int) -> Shape { Shape(height: 128, width: 120, channels: channels) }

  private func network(_ graph: Graph, capacity: Int, shards: Int = 1, threads: Int = 1) throws -> Network {
    let network = Network(
      graph, capacity: capacity, training: true, kernels: try InstructionSets.best(), shards: shards,
      team: ThreadTeam(count: threads, name: "lane"))
    network.initialize(.he, seed: 5)
    return network
  }

  /// Neighbours first.
  private func treeSum(_ parts: [[Float]]) -> [Float] {
    guard parts.count > 1 else { return parts[0] }
    let half = parts.count / 2
    return zip(treeSum(Array(parts[..<half])), treeSum(Array(parts[half...]))).map { $0 + $1 }
  }

  private func expectSameBits(_ found: [Float], _ expected: [Float], _ what: String) {
    let different = zip(found, expected).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
    #expect(found.count == expected.count && different == nil, "\(what)")
  }

  @Test(arguments: [(1, 8), (3, 8), (3, 7), (3, 3)])
  func hasTheBitsOfShardsAlone(channels: Int, batch: Int) throws {
    let graph = try Graph(Self.model, input: Self.image(channels))
    let leading = graph.leadingCount(Shards(roomFor: Self.shards, of: 2))
    #expect(leading > 5 && leading < graph.operatorCount - 3, "some run so, and some do not")
    #expect(graph.leadingCount(Shards(whole: 8)) == 0, "one shard is the batch")
    let images = TrainingImages(batch, Self.image(channels), classes: Self.classes)
    let alone = try network(graph, capacity: 2)
    var gradients: [[Float]] = []
    var statistics: [[Float]] = []
    var losses: [Double] = []
    for shard in 0..<Self.shards {
      let own = Shards(of: batch, in: Self.shards, rank: shard, ranks: Self.shards)
      losses.append(alone.train(images, own.start..<own.start + own.samples, of: batch, shards: own))
      gradients.append(alone.stepGradients)
      statistics.append(alone.stepStatistics)
    }
    for threads in [1, 2] {
      let together = try network(graph, capacity: 8, shards: Self.shards, threads: threads)
      for _ in 0..<2 {
        let all = Shards(of: batch, in: Self.shards)
        let loss = together.train(images, 0..<batch, of: batch, shards: all)
        #expect(abs(loss - losses.reduce(0, +)) <= 1e-12 * loss)
        expectSameBits(together.stepGradients, treeSum(gradients), "\(threads) threads: gradients")
        expectSameBits(together.stepStatistics, treeSum(statistics), "\(threads) threads: statistics")
      }
    }
  }

  /// What is complete goes from the last parameter to the first, and what runs shard by shard comes last, at once.
  @Test(arguments: [1, 2])
  func gradientsAreReadyAtLast(threads: Int) throws {
    let graph = try Graph(Self.model, input: Self.image(1))
    let images = TrainingImages(8, Self.image(1), classes: Self.classes)
    let network = try network(graph, capacity: 8, shards: Self.shards, threads: threads)
    let log = ReadinessLog()
    network.train(images, 0..<8, of: 8, shards: Shards(of: 8, in: Self.shards), exchange: log)
    let first = graph.nodes[graph.leadingCount(Shards(roomFor: Self.shards, of: 2))].firstParameter
    #expect(log.offsets == log.offsets.sorted(by: >) && log.offsets.last == 0)
    #expect(first > 0 && log.offsets.dropLast().last == first)
  }

  @Test func evaluationHasTheBitsOfImagesAlone() throws {
    let image = Self.image(1)
    let graph = try Graph(Self.model, input: image)
    let images = TrainingImages(7, image, classes: Self.classes)
    let together = try network(graph, capacity: 8, shards: Self.shards)
    let alone = try network(graph, capacity: 1)
    let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
    let single = (0..<7).flatMap {
      Array(alone.forward(images.view($0..<$0 + 1), mode: .evaluation, samples: samples).elements)
    }
    expectSameBits(together.evaluate(images, 7), single, "logits")
  }

  /// What only a shard needs while it is at hand has room for one shard.
  @Test func takesLessMemory() throws {
    let graph = try Graph(Self.model, input: Self.image(3))
    let kernels = try InstructionSets.best()
    for training in [true, false] {
      let counts = [0, nil].map {
        ArenaLayout(
          graph, room: Shards(roomFor: Self.shards, of: 2), training: training, kernels: kernels,
          leadingCount: $0
        ).count
      }
      #expect(counts[1] < counts[0], "training \(training)")
    }
  }
}
