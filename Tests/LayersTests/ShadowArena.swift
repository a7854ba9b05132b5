import Kernels
import Layers
import Tensors

/// A plan played through on a shadow of the arena, where every float knows what it holds instead of holding it.
///
/// It goes by what the operators say of themselves alone, and so knows nothing of how a plan counts lifetimes. An operator may
/// read and write its buffers in any order: whatever it is handed must be apart from what it writes, save where it works in
/// place.
struct ShadowArena {
  enum Content: Hashable {
    case nothing
    case value(of: Int)
    case gradient(of: Int)
    case saved(by: Int)
    case scratch(of: Int)
  }

  private let graph: Graph
  private let layout: ArenaLayout
  private let room: Shards
  private let training: Bool
  private let kernels: any KernelSet.Type
  private var floats: [Content]
  /// What was not there when it was needed.
  private(set) var faults: [String] = []

  init(
    _ graph: Graph, _ layout: ArenaLayout, room: Shards, training: Bool, kernels: any KernelSet.Type
  ) {
    self.graph = graph
    self.layout = layout
    self.room = room
    self.training = training
    self.kernels = kernels
    floats = [Content](repeating: .nothing, count: layout.count)
  }

  /// Forward, the loss and, in training, backward.
  mutating func run() {
    for index in graph.nodes.indices { forward(index) }
    let (logits, output) = (Content.value(of: graph.output.storage), graph.output)
    expect(logits, output, at: layout.logits, "the logits at the loss")
    guard training else { return }
    write(.gradient(of: output.storage), output, at: layout.logitsGradient)
    expect(logits, output, at: layout.logits, "the logits beside their gradient")
    for index in graph.nodes.indices.reversed() { backward(index) }
  }

  private mutating func forward(_ index: Int) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let (x, y) = (Content.value(of: node.input.storage), Content.value(of: node.output.storage))
    let inPlace = node.op.worksInPlace && place.x == place.y
    if node.op.addsToOutput { expect(y, node.output, at: place.y, "forward \(index): what is added to") }
    let scratch = node.op.scratch(room, kernels)
    write(.scratch(of: index), count: scratch, at: place.forwardScratch)
    if training { write(.saved(by: index), count: saved(index), at: place.saved) }
    if inPlace, let at = place.x { expect(x, node.input, at: at, "forward \(index): x, in place") }
    write(y, node.output, at: place.y)
    if !inPlace, let at = place.x { expect(x, node.input, at: at, "forward \(index): x") }
    expect(.scratch(of: index), count: scratch, at: place.forwardScratch, "forward \(index): scratch")
    if training { expect(.saved(by: index), count: saved(index), at: place.saved, "forward \(index): saved") }
  }

  private mutating func backward(_ index: Int) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let (dx, dy) = (Content.gradient(of: node.input.storage), Content.gradient(of: node.output.storage))
    let inPlace = node.op.worksInPlace && place.dx == place.dy
    let scratch = node.op.scratch(room, kernels)
    write(.scratch(of: index), count: scratch, at: place.backwardScratch)
    expect(dy, node.output, at: place.dy, "backward \(index): dy")
    if let at = place.dx {
      if place.adds { expect(dx, node.input, at: at, "backward \(index): the gradient that is added to") }
      write(dx, node.input, at: at)
    }
    if !inPlace { expect(dy, node.output, at: place.dy, "backward \(index): dy beside dx") }
    if node.op.keeps.contains(.input), let at = place.x {
      expect(.value(of: node.input.storage), node.input, at: at, "backward \(index): x")
    }
    if node.op.keeps.contains(.output) {
      expect(.value(of: node.output.storage), node.output, at: place.y, "backward \(index): y")
    }
    expect(.saved(by: index), count: saved(index), at: place.saved, "backward \(index): saved")
    expect(.scratch(of: index), count: scratch, at: place.backwardScratch, "backward \(index): scratch")
    // The operator may have used dy up; whoever wrote what a sum was added to still needs it.
    if !inPlace, !node.op.addsToOutput { write(.nothing, node.output, at: place.dy) }
  }

  private func saved(_ index: Int) -> Int { graph.nodes[index].op.saved(room) }

  // MARK: Floats

  private func indices(_ value: Value, at offset: Int) -> [Int] {
    (0..<room.samples * value.shape.height * value.shape.width).flatMap { pixel in
      (0..<value.shape.channels).map { offset + pixel * value.stride + $0 }
    }
  }

  private mutating func write(_ content: Content, _ value: Value, at offset: Int) {
    write(content, indices(value, at: offset))
  }

  private mutating func write(_ content: Content, count: Int, at offset: Int) {
    write(content, offset..<offset + count)
  }

  private mutating func write(_ content: Content, _ indices: some Sequence<Int>) {
    for index in indices {
      if floats.indices.contains(index) {
        floats[index] = content
      } else {
        faults.append("\(content) lies outside the arena")
      }
    }
  }

  private mutating func expect(_ content: Content, _ value: Value, at offset: Int, _ what: String) {
    expect(content, indices(value, at: offset), what)
  }

  private mutating func expect(_ content: Content, count: Int, at offset: Int, _ what: String) {
    expect(content, offset..<offset + count, what)
  }

  private mutating func expect(_ content: Content, _ indices: some Sequence<Int>, _ what: String) {
    let other = indices.lazy.map { [floats] in floats.indices.contains($0) ? floats[$0] : .nothing }
      .first { $0 != content }
    if let other { faults.append("\(what): \(other) instead of \(content)") }
  }
}
