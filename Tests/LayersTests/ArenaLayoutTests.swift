import InstructionSets
import Kernels
import Layers
import Testing

@Suite struct ArenaLayoutTests {
  /// What lives at the same time never overlaps: values, gradients, what is kept for backward, and scratch.
  @Test(arguments: 0..<80)
  func nothingIsOverwrittenBeforeItsLastUse(seed: Int) throws {
    let graph = try Graph(RandomModel.make(seed: seed), input: RandomModel.image)
    for kernels in [ReferenceKernels.self, try InstructionSets.best()] as [any KernelSet.Type] {
      let cases = [
        (Shards(whole: 1), true), (Shards(whole: 3), true), (Shards(roomFor: 4, of: 2), true),
        (Shards(whole: 2), false), (Shards(roomFor: 2, of: 2), false),
      ]
      for (room, training) in cases {
        // Any of the first operators may run shard by shard.
        for leading in Set([0, graph.nodes.count / 3, graph.nodes.count / 2, graph.nodes.count]) {
          let layout = ArenaLayout(
            graph, room: room, training: training, kernels: kernels, leadingCount: leading)
          var shadow = ShadowArena(graph, layout, room: room, training: training, kernels: kernels)
          shadow.run()
          #expect(
            shadow.faults.isEmpty, "\(kernels.name), \(room), training \(training), \(leading) by shards")
        }
      }
    }
  }

  /// The check above finds what it is there for: a plan without backward, and one for fewer samples.
  @Test func aPlanThatIsTooTightIsFound() throws {
    let graph = try Graph(RandomModel.make(seed: 1), input: RandomModel.image)
    for (capacity, training) in [(2, false), (1, true)] {
      let layout = ArenaLayout(
        graph, room: Shards(whole: capacity), training: training, kernels: ReferenceKernels.self)
      var shadow = ShadowArena(
        graph, layout, room: Shards(whole: 2), training: true, kernels: ReferenceKernels.self)
      shadow.run()
      #expect(!shadow.faults.isEmpty)
    }
  }

  /// As is a plan by shards for fewer of them, or for smaller ones.
  @Test(arguments: [(2, 2), (4, 1)])
  func aPlanByShardsThatIsTooTightIsFound(shards: Int, samples: Int) throws {
    let graph = try Graph(RandomModel.make(seed: 1), input: RandomModel.image)
    let layout = ArenaLayout(
      graph, room: Shards(roomFor: shards, of: samples), training: true, kernels: ReferenceKernels.self,
      leadingCount: graph.nodes.count / 2)
    var shadow = ShadowArena(
      graph, layout, room: Shards(roomFor: 4, of: 2), training: true, kernels: ReferenceKernels.self)
    shadow.run()
    #expect(!shadow.faults.isEmpty)
  }

  /// Backward needs most values again; without it they share their memory.
  @Test func evaluationNeedsLessThanTraining() throws {
    for seed in 0..<20 {
      let graph = try Graph(RandomModel.make(seed: seed), input: RandomModel.image)
      let counts = [true, false].map {
        ArenaLayout(graph, room: Shards(whole: 4), training: $0, kernels: ReferenceKernels.self).count
      }
      #expect(counts[1] < counts[0])
    }
  }
}
