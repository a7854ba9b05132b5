import Kernels
import Tensors

/// Where every value, gradient and scratch buffer of a graph lies in the network's arena.
///
/// A value lives from the first operator that writes it to the last that reads it, in either direction; its gradient from the backward of its last
/// reader to that of its first writer. Operators that work in place share their input's buffer where nobody else needs it.
///
/// The first operators run shard by shard. What only they need, and only while they are at a shard, has room for one shard, which
/// every shard uses again; what they leave for later has room for the batch, and lives until the last shard has passed.
package struct ArenaLayout {
  /// Where a value or a gradient lies.
  package struct Buffer: Equatable {
    package var offset: Int
    /// Floats from one sample to the next; 0 where every shard uses the same floats.
    package var sampleStride: Int
  }

  /// An operator's buffers.
  package struct Placement {
    /// nil where the input is the batch itself, which the loader owns.
    package var x: Buffer?
    package var y: Buffer
    /// nil where nobody needs the input's gradient.
    package var dx: Buffer?
    package var dy: Buffer
    /// Whether `dx` already holds what later readers of the input sent back.
    package var adds: Bool
    package var saved: Int
    /// Floats from what one shard leaves for backward to the next shard's.
    package var savedStride: Int
    package var forwardScratch: Int
    package var backwardScratch: Int
  }

  package let placements: [Placement]
  /// How many of the first operators run shard by shard.
  package let leadingCount: Int
  /// Samples that these are run on at once, at most.
  package let together: Int
  /// Where the logits lie, and their gradient; the latter is meaningless without backward.
  package let logits: Buffer
  package let logitsGradient: Buffer
  /// Length of the arena.
  package let count: Int

  /// - Parameters:
  ///   - room: for the largest batch.
  ///   - training: also plans backward; without it every ``Placement`` lacks what only backward uses.
  ///   - leadingCount: how many operators run shard by shard; nil for what is fast.
  package init(
    _ graph: Graph, room: Shards, training: Bool, kernels: any KernelSet.Type, leadingCount: Int? = nil
  ) {
    let schedule = ArenaSchedule(
      graph, leadingCount: leadingCount ?? graph.leadingCount(room), training: training)
    var planner = ArenaPlanner(graph, schedule, room: room, kernels: kernels)
    for index in graph.nodes.indices { planner.planForward(index) }
    planner.planLoss()
    if training { for index in graph.nodes.indices.reversed() { planner.planBackward(index) } }
    planner.plan.place()

    count = planner.plan.count
    self.leadingCount = schedule.leadingCount
    together = planner.shard.samples
    logits = planner.buffer(planner.values[graph.output.storage], graph.output)
    logitsGradient = planner.buffer(planner.gradients[graph.output.storage], graph.output)
    placements = graph.nodes.indices.map { planner.placement($0) }
  }
}
