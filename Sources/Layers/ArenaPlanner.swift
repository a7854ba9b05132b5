import Kernels
import Tensors

/// When the operators of a graph run, and which of their values hold the batch instead of a shard.
///
/// Time counts operators: operator i of n runs forward at i, the loss at n, and backward at 2n - i. Those that run shard by shard
/// pass their times once for every shard.
struct ArenaSchedule {
  /// How many of the first operators run shard by shard.
  let leadingCount: Int
  let training: Bool
  /// When the loss comes.
  let loss: Int
  /// Storages that operators which run on the batch read or write, and those besides that are read again by backward.
  private let later: Set<Int>
  private let whole: Set<Int>

  init(_ graph: Graph, leadingCount: Int, training: Bool) {
    (self.leadingCount, self.training, loss) = (leadingCount, training, graph.nodes.count)
    let (leading, rest) = (graph.nodes[..<leadingCount], graph.nodes[leadingCount...])
    let later = Set(rest.flatMap { [$0.input.storage, $0.output.storage] } + [graph.output.storage])
    var whole = later
    for node in leading where training {
      if node.op.keeps.contains(.input) { whole.insert(node.input.storage) }
      if node.op.keeps.contains(.output) { whole.insert(node.output.storage) }
    }
    // What is worked on in place is one buffer.
    for node in leading.reversed() where node.op.worksInPlace && whole.contains(node.output.storage) {
      whole.insert(node.input.storage)
    }
    (self.later, self.whole) = (later, whole)
  }

  func isValueWhole(_ storage: Int) -> Bool { whole.contains(storage) }
  func isGradientWhole(_ storage: Int) -> Bool { later.contains(storage) }

  /// When an operator runs backward; without training nothing happens then.
  func backward(_ index: Int) -> Int { training ? 2 * loss - index : index }

  /// From when to when an operator runs forward on any shard.
  func forwardTimes(_ index: Int) -> ClosedRange<Int> {
    index < leadingCount ? 0...leadingCount - 1 : index...index
  }

  /// From when to when it runs backward on any shard.
  func backwardTimes(_ index: Int) -> ClosedRange<Int> {
    training && index < leadingCount
      ? backward(leadingCount - 1)...backward(0) : backward(index)...backward(index)
  }
}

/// Reserves the buffers of one operator after the other.
struct ArenaPlanner {
  /// A buffer of a value or a gradient.
  struct Reserved {
    let handle: MemoryPlan.Handle
    /// Whether it has room for the batch instead of a shard.
    let isWhole: Bool
  }

  private struct Forward {
    let x: Reserved?
    let y: Reserved
    let saved: MemoryPlan.Handle
    let scratch: MemoryPlan.Handle
  }

  private struct Backward {
    let dx: Reserved?
    let dy: Reserved
    let adds: Bool
    let scratch: MemoryPlan.Handle
  }

  /// Room for one shard of the largest batch.
  let shard: Shards
  var plan = MemoryPlan()
  /// By storage.
  private(set) var values: [Int: Reserved] = [:]
  private(set) var gradients: [Int: Reserved] = [:]
  private var forward: [Forward] = []
  /// By operator.
  private var backward: [Int: Backward] = [:]
  private var keptOutputs: Set<Int> = []
  private let graph: Graph
  private let schedule: ArenaSchedule
  private let room: Shards
  private let readers: [Int]
  private let kernels: any KernelSet.Type

  init(_ graph: Graph, _ schedule: ArenaSchedule, room: Shards, kernels: any KernelSet.Type) {
    (self.graph, self.schedule, self.room, self.kernels) = (graph, schedule, room, kernels)
    shard = Shards(roomFor: 1, of: room.largest)
    readers = graph.readers
  }

  /// The operators' turn: first to last.
  mutating func planForward(_ index: Int) {
    let (node, times) = (graph.nodes[index], schedule.forwardTimes(index))
    let (source, target) = (node.input.storage, node.output.storage)
    let back = schedule.backwardTimes(index)
    let x = values[source]
    if let x {
      extend(x, to: index, or: times)
      if node.op.keeps.contains(.input) { plan.extend(x.handle, over: back) }
    }
    let isKept = schedule.training && (node.op.keeps.contains(.input) || keptOutputs.contains(source))
    let isWhole = schedule.isValueWhole(target)
    let shared = isAlone(node) && !isKept && x?.isWhole == isWhole ? x : nil
    let y = values[target] ?? shared ?? reserve(target, isWhole: isWhole, at: index)
    extend(y, to: index, or: times)
    plan.extend(y.handle, over: index...index + 1)
    if node.op.keeps.contains(.output) {
      plan.extend(y.handle, over: back)
      keptOutputs.insert(target)
    }
    values[target] = y
    let parts = index < schedule.leadingCount ? room.count : 1
    let saved = plan.reserve(
      schedule.training ? parts * saved(node, room(of: index)) : 0,
      over: times.lowerBound...back.upperBound)
    let scratch = plan.reserve(node.op.scratch(room(of: index), kernels), over: index...index)
    forward.append(Forward(x: x, y: y, saved: saved, scratch: scratch))
  }

  /// The loss comes before backward, so that whoever reads the logits within the network adds to its gradient.
  mutating func planLoss() {
    guard let logits = values[graph.output.storage] else {
      preconditionFailure("a network computes its logits")
    }
    plan.extend(logits.handle, over: schedule.loss...schedule.loss)
    gradients[graph.output.storage] =
      schedule.training ? reserve(graph.output.storage, isWhole: true, at: schedule.loss) : logits
  }

  /// The operators' turn: last to first.
  mutating func planBackward(_ index: Int) {
    let (node, times, back) = (graph.nodes[index], schedule.backwardTimes(index), schedule.backward(index))
    let (source, target) = (node.input.storage, node.output.storage)
    let dy =
      gradients[target] ?? reserve(target, isWhole: schedule.isGradientWhole(target), at: schedule.loss)
    gradients[target] = dy
    extend(dy, to: back, or: times)
    let begun = gradients[source]
    precondition(
      begun == nil || node.op.addsInputGradient, "\(node.name): this layer cannot share its input")
    var dx: Reserved?
    if source != graph.input.storage {
      let shared = isAlone(node) ? dy : nil
      let found =
        begun ?? shared ?? reserve(source, isWhole: schedule.isGradientWhole(source), at: back)
      extend(found, to: back, or: times)
      gradients[source] = found
      dx = found
    }
    let scratch = plan.reserve(node.op.scratch(room(of: index), kernels), over: back...back)
    backward[index] = Backward(dx: dx, dy: dy, adds: begun != nil, scratch: scratch)
  }

  /// Where an operator's buffers lie, once all have a place.
  func placement(_ index: Int) -> ArenaLayout.Placement {
    let (node, forward) = (graph.nodes[index], forward[index])
    let back = backward[index] ?? Backward(dx: nil, dy: forward.y, adds: false, scratch: forward.scratch)
    return ArenaLayout.Placement(
      x: forward.x.map { buffer($0, node.input) }, y: buffer(forward.y, node.output),
      dx: back.dx.map { buffer($0, node.input) }, dy: buffer(back.dy, node.output), adds: back.adds,
      saved: plan.offset(of: forward.saved), savedStride: saved(node, shard),
      forwardScratch: plan.offset(of: forward.scratch), backwardScratch: plan.offset(of: back.scratch))
  }

  func buffer(_ reserved: Reserved?, _ value: Value) -> ArenaLayout.Buffer {
    guard let reserved else { preconditionFailure("every value that is asked for was planned") }
    return ArenaLayout.Buffer(
      offset: plan.offset(of: reserved.handle) + value.channel,
      sampleStride: reserved.isWhole ? graph.storages[value.storage].count : 0)
  }

  private mutating func reserve(_ storage: Int, isWhole: Bool, at time: Int) -> Reserved {
    let samples = isWhole ? room.samples : shard.samples
    return Reserved(
      handle: plan.reserve(samples * graph.storages[storage].count, over: time...time), isWhole: isWhole)
  }

  /// What holds the batch is needed until the last shard has passed.
  private mutating func extend(_ buffer: Reserved, to time: Int, or times: ClosedRange<Int>) {
    plan.extend(buffer.handle, over: buffer.isWhole ? times : time...time)
  }

  /// What an operator runs on at once, at most.
  private func room(of index: Int) -> Shards { index < schedule.leadingCount ? shard : room }

  /// Floats that it leaves for backward, in whole vectors.
  private func saved(_ node: Graph.Node, _ room: Shards) -> Int { FloatBuffer.aligned(node.op.saved(room)) }

  /// Whether an operator may overwrite its input with its output, or its output's gradient with its input's.
  private func isAlone(_ node: Graph.Node) -> Bool {
    node.op.worksInPlace && readers[node.input.storage] == 1 && !node.input.isSlice && !node.output.isSlice
      && node.input.storage != graph.input.storage
  }
}
