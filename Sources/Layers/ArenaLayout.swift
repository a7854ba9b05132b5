import Kernels
import Tensors

/// Where every value, gradient and scratch buffer of a graph lies in the network's arena.
///
/// Time counts operators: operator i of n runs forward at i, the loss at n, and backward at 2n - i. A value lives from the
/// first operator that writes it to the last that reads it, in either direction; its gradient from the backward of its last
/// reader to that of its first writer. Operators that work in place share their input's buffer where nobody else needs it.
package struct ArenaLayout {
  /// Offsets of one operator's buffers, in floats.
  package struct Placement {
    /// nil where the input is the batch itself, which the loader owns.
    package var x: Int?
    package var y: Int
    /// nil where nobody needs the input's gradient.
    package var dx: Int?
    package var dy: Int
    /// Whether `dx` already holds what later readers of the input sent back.
    package var adds: Bool
    package var saved: Int
    package var forwardScratch: Int
    package var backwardScratch: Int
  }

  package let placements: [Placement]
  /// Where the logits lie, and their gradient; the latter is meaningless without backward.
  package let logits: Int
  package let logitsGradient: Int
  /// Length of the arena.
  package let count: Int

  private typealias Handle = MemoryPlan.Handle

  /// - Parameters:
  ///   - room: for the largest batch.
  ///   - training: also plans backward; without it every ``Placement`` lacks what only backward uses.
  package init(_ graph: Graph, room: Shards, training: Bool, kernels: any KernelSet.Type) {
    var plan = MemoryPlan()
    let end = graph.nodes.count
    let readers = graph.readers
    func backwardTime(_ time: Int) -> Int { training ? 2 * end - time : time }
    func size(_ storage: Int) -> Int { room.samples * graph.storages[storage].count }
    /// Whether an operator may overwrite its input with its output, or its output's gradient with its input's.
    func isAlone(_ node: Graph.Node) -> Bool {
      node.op.worksInPlace && readers[node.input.storage] == 1 && !node.input.isSlice && !node.output.isSlice
        && node.input.storage != 0
    }

    var values: [Int: Handle] = [:]
    var outputKept: Set<Int> = []
    var forward: [(x: Handle?, y: Handle, saved: Handle, scratch: Handle)] = []
    for (time, node) in graph.nodes.enumerated() {
      let back = backwardTime(time)
      let (source, target) = (node.input.storage, node.output.storage)
      let x = values[source]
      if let x { plan.extend(x, to: node.op.keeps.contains(.input) ? back : time) }
      let isNeeded = training && (node.op.keeps.contains(.input) || outputKept.contains(source))
      let shared = isAlone(node) && !isNeeded ? x : nil
      let y = values[target] ?? shared ?? plan.reserve(size(target), over: time...time)
      plan.extend(y, to: node.op.keeps.contains(.output) ? back : time + 1)
      values[target] = y
      if node.op.keeps.contains(.output) { outputKept.insert(target) }
      let saved = plan.reserve(training ? node.op.saved(room) : 0, over: time...back)
      let scratch = plan.reserve(node.op.scratch(room, kernels), over: time...time)
      forward.append((x, y, saved, scratch))
    }

    guard let logits = values[graph.output.storage] else {
      preconditionFailure("a network computes its logits")
    }
    plan.extend(logits, to: end)

    // The loss comes first, so that whoever reads the logits within the network adds to its gradient.
    let logitsGradient = training ? plan.reserve(size(graph.output.storage), over: end...end) : logits
    var gradients = [graph.output.storage: logitsGradient]
    var backward: [(dx: Handle?, dy: Handle, adds: Bool, scratch: Handle)] = []
    for (time, node) in graph.nodes.enumerated().reversed() where training {
      let back = backwardTime(time)
      let (source, target) = (node.input.storage, node.output.storage)
      let dy = gradients[target] ?? plan.reserve(size(target), over: end...back)
      gradients[target] = dy
      plan.extend(dy, to: back)
      let begun = gradients[source]
      var dx: Handle?
      if source != 0 {
        let shared = isAlone(node) ? dy : nil
        dx = begun ?? shared ?? plan.reserve(size(source), over: back...back)
        if let dx { plan.extend(dx, to: back) }
        gradients[source] = dx
      }
      let scratch = plan.reserve(node.op.scratch(room, kernels), over: back...back)
      precondition(
        begun == nil || node.op.addsInputGradient, "\(node.name): this layer cannot share its input")
      backward.append((dx, dy, begun != nil, scratch))
    }
    backward.reverse()

    plan.place()
    count = plan.count
    self.logits = plan.offset(of: logits) + graph.output.channel
    self.logitsGradient = plan.offset(of: logitsGradient) + graph.output.channel
    placements = graph.nodes.enumerated().map { index, node in
      let (x, y, saved, scratch) = forward[index]
      let back = training ? backward[index] : (dx: nil, dy: y, adds: false, scratch: scratch)
      return Placement(
        x: x.map { plan.offset(of: $0) + node.input.channel }, y: plan.offset(of: y) + node.output.channel,
        dx: back.dx.map { plan.offset(of: $0) + node.input.channel },
        dy: plan.offset(of: back.dy) + node.output.channel, adds: back.adds, saved: plan.offset(of: saved),
        forwardScratch: plan.offset(of: scratch), backwardScratch: plan.offset(of: back.scratch))
    }
  }
}
