import Kernels
import Tensors

/// Where every value, gradient and scratch buffer of a graph lies in the network's arena.
///
/// Time counts operators: operator i of n runs forward at i, the loss at n, and backward at 2n - i. A value lives from the
/// operator that makes it to the last that reads it, in either direction; its gradient from the backward of its reader to
/// that of its maker. Operators that work in place share their input's buffer where nobody else needs it.
struct ArenaLayout {
  /// Offsets of one operator's buffers, in floats.
  struct Placement {
    /// nil where the input is the batch itself, which the loader owns.
    var x: Int?
    var y: Int
    /// nil for the first operator.
    var dx: Int?
    var dy: Int
    var saved: Int
    var forwardScratch: Int
    var backwardScratch: Int
  }

  let placements: [Placement]
  /// Length of the arena.
  let count: Int

  /// - Parameters:
  ///   - capacity: the largest batch.
  ///   - training: also plans backward; without it every ``Placement`` lacks what only backward uses.
  init(_ graph: Graph, capacity: Int, training: Bool, kernels: any KernelSet.Type) {
    typealias Handles = (
      x: MemoryPlan.Handle?, y: MemoryPlan.Handle, saved: MemoryPlan.Handle, scratch: MemoryPlan.Handle
    )
    var plan = MemoryPlan()
    let end = graph.nodes.count
    func backwardTime(_ time: Int) -> Int { training ? 2 * end - time : time }

    var values: [Int: MemoryPlan.Handle] = [:]
    var outputKept: Set<Int> = []
    var forward: [Handles] = []
    for (time, node) in graph.nodes.enumerated() {
      let back = backwardTime(time)
      let x = values[node.input.storage]
      if let x { plan.extend(x, to: node.op.keeps.contains(.input) ? back : time) }
      let sharesInput =
        node.op.worksInPlace
        && !(training && (node.op.keeps.contains(.input) || outputKept.contains(node.input.storage)))
      let y =
        (sharesInput ? x : nil) ?? plan.reserve(capacity * node.output.shape.count, over: time...time)
      plan.extend(y, to: node.op.keeps.contains(.output) ? back : time + 1)
      values[node.output.storage] = y
      if node.op.keeps.contains(.output) { outputKept.insert(node.output.storage) }
      let saved = plan.reserve(training ? node.op.saved(batch: capacity) : 0, over: time...back)
      let scratch = plan.reserve(node.op.scratch(batch: capacity, kernels), over: time...time)
      forward.append((x, y, saved, scratch))
    }

    var gradients: [Int: MemoryPlan.Handle] = [:]
    var backward: [(dx: MemoryPlan.Handle?, dy: MemoryPlan.Handle, scratch: MemoryPlan.Handle)] = []
    for (time, node) in graph.nodes.enumerated().reversed() where training {
      let back = backwardTime(time)
      let dy =
        gradients[node.output.storage] ?? plan.reserve(capacity * node.output.shape.count, over: end...back)
      plan.extend(dy, to: back)
      let dx: MemoryPlan.Handle? =
        time == 0
        ? nil : node.op.worksInPlace ? dy : plan.reserve(capacity * node.input.shape.count, over: back...back)
      gradients[node.input.storage] = dx
      let scratch = plan.reserve(node.op.scratch(batch: capacity, kernels), over: back...back)
      backward.append((dx, dy, scratch))
    }
    backward.reverse()

    plan.place()
    count = plan.count
    placements = forward.indices.map { index in
      let (x, y, saved, scratch) = forward[index]
      let back = training ? backward[index] : (dx: nil, dy: y, scratch: scratch)
      return Placement(
        x: x.map(plan.offset), y: plan.offset(of: y), dx: back.dx.map(plan.offset),
        dy: plan.offset(of: back.dy), saved: plan.offset(of: saved),
        forwardScratch: plan.offset(of: scratch), backwardScratch: plan.offset(of: back.scratch))
    }
  }
}
