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
  private var floats: [Held]
  private var part: Part
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
    floats = [Held](repeating: Held(content: .nothing, number: 0), count: layout.count)
    part = Part(0, 0..<room.samples, room)
  }

  /// Forward, the loss and, in training, backward.
  mutating func run() {
    let leading = layout.leadingCount
    let shards = (0..<room.count).map { Part($0, room[$0].samples, Shards(whole: room[$0].samples.count)) }
    let whole = Part(0, 0..<room.samples, room)
    for part in shards {
      self.part = part
      for index in 0..<leading { forward(index) }
    }
    part = whole
    for index in leading..<graph.nodes.count { forward(index) }
    let (logits, output) = (Content.value(of: graph.output.storage), graph.output)
    expect(logits, output, at: layout.logits, "the logits at the loss")
    guard training else { return }
    write(.gradient(of: output.storage), output, at: layout.logitsGradient)
    expect(logits, output, at: layout.logits, "the logits beside their gradient")
    for index in (leading..<graph.nodes.count).reversed() { backward(index) }
    for part in shards {
      self.part = part
      for index in (0..<leading).reversed() { backward(index) }
    }
  }

  /// The samples that an operator is run on.
  private struct Part {
    let number: Int
    let samples: Range<Int>
    let shards: Shards

    init(_ number: Int, _ samples: Range<Int>, _ shards: Shards) {
      (self.number, self.samples, self.shards) = (number, samples, shards)
    }
  }

  private mutating func forward(_ index: Int) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let (x, y) = (Content.value(of: node.input.storage), Content.value(of: node.output.storage))
    let inPlace = node.op.worksInPlace && place.x == place.y
    if node.op.addsToOutput { expect(y, node.output, at: place.y, "forward \(index): what is added to") }
    let scratch = node.op.scratch(part.shards, kernels)
    write(.scratch(of: index), count: scratch, at: place.forwardScratch)
    if training { write(.saved(by: index), count: saved(index), at: savedStart(place)) }
    if inPlace, let at = place.x { expect(x, node.input, at: at, "forward \(index): x, in place") }
    write(y, node.output, at: place.y)
    if !inPlace, let at = place.x { expect(x, node.input, at: at, "forward \(index): x") }
    expect(.scratch(of: index), count: scratch, at: place.forwardScratch, "forward \(index): scratch")
    if training {
      expect(.saved(by: index), count: saved(index), at: savedStart(place), "forward \(index): saved")
    }
  }

  private mutating func backward(_ index: Int) {
    let (node, place) = (graph.nodes[index], layout.placements[index])
    let (dx, dy) = (Content.gradient(of: node.input.storage), Content.gradient(of: node.output.storage))
    let inPlace = node.op.worksInPlace && place.dx == place.dy
    let scratch = node.op.scratch(part.shards, kernels)
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
    expect(.saved(by: index), count: saved(index), at: savedStart(place), "backward \(index): saved")
    expect(.scratch(of: index), count: scratch, at: place.backwardScratch, "backward \(index): scratch")
    // The operator may have used dy up; whoever wrote what a sum was added to still needs it.
    if !inPlace, !node.op.addsToOutput { write(.nothing, node.output, at: place.dy) }
  }

  private func saved(_ index: Int) -> Int { graph.nodes[index].op.saved(part.shards) }

  private func savedStart(_ place: ArenaLayout.Placement) -> Int {
    place.saved + part.number * place.savedStride
  }

  // MARK: Floats

  /// What a float holds, and of which sample; of what an operator leaves or works with, of which part.
  private struct Held: Hashable {
    let content: Content
    let number: Int
  }

  private typealias Place = (index: Int, number: Int)

  private func places(_ value: Value, at buffer: ArenaLayout.Buffer) -> [Place] {
    let pixels = value.shape.height * value.shape.width
    let offset = buffer.offset + part.samples.lowerBound * buffer.sampleStride
    return (0..<part.samples.count * pixels).flatMap { pixel in
      (0..<value.shape.channels).map {
        (offset + pixel * value.stride + $0, part.samples.lowerBound + pixel / pixels)
      }
    }
  }

  private func places(_ count: Int, at offset: Int) -> [Place] {
    (offset..<offset + count).map { ($0, part.number) }
  }

  private mutating func write(_ content: Content, _ value: Value, at buffer: ArenaLayout.Buffer) {
    write(content, places(value, at: buffer))
  }

  private mutating func write(_ content: Content, count: Int, at offset: Int) {
    write(content, places(count, at: offset))
  }

  private mutating func write(_ content: Content, _ places: [Place]) {
    for (index, number) in places {
      if floats.indices.contains(index) {
        floats[index] = Held(content: content, number: number)
      } else {
        faults.append("\(content) lies outside the arena")
      }
    }
  }

  private mutating func expect(
    _ content: Content, _ value: Value, at buffer: ArenaLayout.Buffer, _ what: String
  ) {
    expect(content, places(value, at: buffer), what)
  }

  private mutating func expect(_ content: Content, count: Int, at offset: Int, _ what: String) {
    expect(content, places(count, at: offset), what)
  }

  private mutating func expect(_ content: Content, _ places: [Place], _ what: String) {
    for (index, number) in places {
      let expected = Held(content: content, number: number)
      let found = floats.indices.contains(index) ? floats[index] : nil
      guard found != expected else { continue }
      faults.append("\(what): \(found.map { "\($0)" } ?? "nothing") instead of \(expected)")
      return
    }
  }
}
