import Kernels
import Tensors

/// Where every value, gradient and scratch buffer of a graph lies in the network's arena.
///
/// Time counts operators: operator i of n runs forward at i, the loss at n, and backward at 2n - i. A value lives from the
/// first operator that writes it to the last that reads it, in either direction; its gradient from the backward of its last
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
  package let shardByShard: Int
  /// Samples that these are run on at once, at most.
  package let together: Int
  /// Where the logits lie, and their gradient; the latter is meaningless without backward.
  package let logits: Buffer
  package let logitsGradient: Buffer
  /// Length of the arena.
  package let count: Int

  /// A buffer that is planned.
  private struct Reserved {
    let handle: MemoryPlan.Handle
    /// Whether it has room for the batch instead of a shard.
    let isWhole: Bool
  }

  /// - Parameters:
  ///   - room: for the largest batch.
  ///   - training: also plans backward; without it every ``Placement`` lacks what only backward uses.
  ///   - shardByShard: how many operators run so; nil for what is fast.
  package init(
    _ graph: Graph, room: Shards, training: Bool, kernels: any KernelSet.Type, shardByShard: Int? = nil
  ) {
    let leading = shardByShard ?? graph.shardByShard(room)
    let one = Shards(roomFor: 1, of: room.largest)
    let (leads, readers) = (LeadingOperators(graph, count: leading, training: training), graph.readers)
    var plan = MemoryPlan()
    let end = graph.nodes.count
    func backwardTime(_ time: Int) -> Int { training ? 2 * end - time : time }
    /// When an operator runs on any shard.
    func forwardTimes(_ time: Int) -> ClosedRange<Int> { time < leading ? 0...leading - 1 : time...time }
    func backwardTimes(_ time: Int) -> ClosedRange<Int> {
      training && time < leading
        ? backwardTime(leading - 1)...backwardTime(0) : backwardTime(time)...backwardTime(time)
    }
    func reserve(_ storage: Int, isWhole: Bool, over lifetime: ClosedRange<Int>) -> Reserved {
      let samples = isWhole ? room.samples : one.samples
      return Reserved(
        handle: plan.reserve(samples * graph.storages[storage].count, over: lifetime), isWhole: isWhole)
    }
    /// What holds the batch is needed until the last shard has passed.
    func extend(_ buffer: Reserved, to times: ClosedRange<Int>, at time: Int) {
      plan.extend(buffer.handle, to: buffer.isWhole ? times.lowerBound : time)
      plan.extend(buffer.handle, to: buffer.isWhole ? times.upperBound : time)
    }
    func rooms(_ time: Int) -> Shards { time < leading ? one : room }
    /// Whether an operator may overwrite its input with its output, or its output's gradient with its input's.
    func isAlone(_ node: Graph.Node) -> Bool {
      node.op.worksInPlace && readers[node.input.storage] == 1 && !node.input.isSlice && !node.output.isSlice
        && node.input.storage != 0
    }

    var values: [Int: Reserved] = [:]
    var outputKept: Set<Int> = []
    var forward: [(x: Reserved?, y: Reserved, saved: MemoryPlan.Handle, scratch: MemoryPlan.Handle)] = []
    for (time, node) in graph.nodes.enumerated() {
      let (times, back) = (forwardTimes(time), backwardTimes(time))
      let (source, target) = (node.input.storage, node.output.storage)
      let x = values[source]
      if let x {
        extend(x, to: times, at: time)
        if node.op.keeps.contains(.input) { extend(x, to: back, at: back.upperBound) }
      }
      let isNeeded = training && (node.op.keeps.contains(.input) || outputKept.contains(source))
      let isWhole = leads.isWhole(target)
      let shared = isAlone(node) && !isNeeded && x?.isWhole == isWhole ? x : nil
      let y = values[target] ?? shared ?? reserve(target, isWhole: isWhole, over: time...time)
      extend(y, to: times, at: time)
      plan.extend(y.handle, to: time + 1)
      if node.op.keeps.contains(.output) { extend(y, to: back, at: back.upperBound) }
      values[target] = y
      if node.op.keeps.contains(.output) { outputKept.insert(target) }
      let parts = time < leading ? room.count : 1
      let saved = plan.reserve(
        training ? parts * Self.saved(node, rooms(time)) : 0, over: times.lowerBound...back.upperBound)
      let scratch = plan.reserve(node.op.scratch(rooms(time), kernels), over: time...time)
      forward.append((x, y, saved, scratch))
    }

    guard let logits = values[graph.output.storage] else {
      preconditionFailure("a network computes its logits")
    }
    plan.extend(logits.handle, to: end)

    // The loss comes first, so that whoever reads the logits within the network adds to its gradient.
    let logitsGradient =
      training ? reserve(graph.output.storage, isWhole: true, over: end...end) : logits
    var gradients = [graph.output.storage: logitsGradient]
    var backward: [(dx: Reserved?, dy: Reserved, adds: Bool, scratch: MemoryPlan.Handle)] = []
    for (time, node) in graph.nodes.enumerated().reversed() where training {
      let (back, times) = (backwardTime(time), backwardTimes(time))
      let (source, target) = (node.input.storage, node.output.storage)
      let dy =
        gradients[target] ?? reserve(target, isWhole: leads.isGradientWhole(target), over: end...back)
      gradients[target] = dy
      extend(dy, to: times, at: back)
      let begun = gradients[source]
      var dx: Reserved?
      if source != 0 {
        let shared = isAlone(node) ? dy : nil
        let found =
          begun ?? shared ?? reserve(source, isWhole: leads.isGradientWhole(source), over: back...back)
        extend(found, to: times, at: back)
        gradients[source] = found
        dx = found
      }
      let scratch = plan.reserve(node.op.scratch(rooms(time), kernels), over: back...back)
      precondition(
        begun == nil || node.op.addsInputGradient, "\(node.name): this layer cannot share its input")
      backward.append((dx, dy, begun != nil, scratch))
    }
    backward.reverse()

    plan.place()
    func buffer(_ reserved: Reserved, _ value: Value) -> Buffer {
      Buffer(
        offset: plan.offset(of: reserved.handle) + value.channel,
        sampleStride: reserved.isWhole ? graph.storages[value.storage].count : 0)
    }
    count = plan.count
    (self.shardByShard, together) = (leading, one.samples)
    self.logits = buffer(logits, graph.output)
    self.logitsGradient = buffer(logitsGradient, graph.output)
    placements = graph.nodes.enumerated().map { index, node in
      let (x, y, saved, scratch) = forward[index]
      let back = training ? backward[index] : (dx: nil, dy: y, adds: false, scratch: scratch)
      return Placement(
        x: x.map { buffer($0, node.input) }, y: buffer(y, node.output),
        dx: back.dx.map { buffer($0, node.input) },
        dy: buffer(back.dy, node.output), adds: back.adds, saved: plan.offset(of: saved),
        savedStride: Self.saved(node, one), forwardScratch: plan.offset(of: scratch),
        backwardScratch: plan.offset(of: back.scratch))
    }
  }

  /// Floats that an operator leaves for backward, in whole vectors.
  private static func saved(_ node: Graph.Node, _ room: Shards) -> Int {
    FloatBuffer.aligned(node.op.saved(room))
  }
}

/// Which values of the operators that run shard by shard have room for the batch.
private struct LeadingOperators {
  private var whole: Set<Int>
  private let later: Set<Int>

  init(_ graph: Graph, count: Int, training: Bool) {
    var later: Set = [graph.output.storage]
    for node in graph.nodes[count...] { later.formUnion([node.input.storage, node.output.storage]) }
    (self.later, whole) = (later, later)
    for node in graph.nodes[..<count] where training {
      if node.op.keeps.contains(.input) { whole.insert(node.input.storage) }
      if node.op.keeps.contains(.output) { whole.insert(node.output.storage) }
    }
    // What is worked on in place is one buffer.
    for node in graph.nodes[..<count].reversed()
    where node.op.worksInPlace && whole.contains(node.output.storage) {
      whole.insert(node.input.storage)
    }
  }

  /// Whether a value is read by backward or by an operator that runs on the batch, or is written by one.
  func isWhole(_ storage: Int) -> Bool { whole.contains(storage) }

  /// Whether a gradient is read or written by an operator that runs on the batch.
  func isGradientWhole(_ storage: Int) -> Bool { later.contains(storage) }
}
