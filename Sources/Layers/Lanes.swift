import Kernels
import Tensors
import Threads

/// The lanes of a network, and how threads pass over a batch in them together.
///
/// Each lane runs all operators on neighbouring samples and waits for the others only where gradients come together. So threads
/// cost what ranks cost, without a second copy of the parameters and without messages. A thread has one lane, or where shards' sums
/// are rounded before they are added up, one for each of its shards.
final class Lanes: TeamWork {
  private let graph: Graph
  private let gradients: FloatBuffer
  private let parameterCount: Int
  /// The factors that each operator leaves; nil for most.
  private let factors: [GradientFactors?]
  /// Whether the large gradients of the last backward are there as factors.
  private(set) var usesFactors = false
  /// Whether this rank's factors are all there are.
  private let isAlone: Bool
  /// Of gradients where those of lanes are added up.
  private let format: FloatFormat
  private let kernels: any KernelSet.Type
  private let team: ThreadTeam
  private let barrier: Barrier
  private let lanes: [Lane]
  /// The logits of all lanes; empty where there is one.
  private let logits: FloatBuffer

  // What the lanes are at: written before they begin.
  private var task = Task.loss
  private var images: TensorView
  private var samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
  private var targets: (LossTargets, scale: Float?)?
  private var exchange: (any GradientExchange)?

  private enum Task {
    case forward(Mode, accumulating: Bool)
    case loss
    case backward(accumulating: Bool, completing: Bool)
    case squares
  }

  private var blocks: GradientBlocks
  /// The sum of the squares of each block; those of other ranks' blocks once these have said them.
  private let squares: UnsafeMutableBufferPointer<Double>

  init(
    _ graph: Graph, capacity: Int, shards: Int, values: FloatBuffer, gradients: FloatBuffer,
    factors: [GradientFactors],
    isAlone: Bool, format: FloatFormat, kernels: any KernelSet.Type, team: ThreadTeam
  ) {
    self.graph = graph
    self.gradients = gradients
    self.isAlone = isAlone
    self.format = format
    self.kernels = kernels
    self.team = team
    parameterCount = graph.parameterCount
    self.factors = graph.nodes.indices.map { node in factors.first { $0.node == node } }
    // A lane has some of the shards, or where there is but one, a part of it.
    let parts = max(shards, team.count)
    let count = format == .f32 ? team.count : parts
    let room = Shards(roomFor: parts / count, of: (capacity + parts - 1) / parts)
    let layout = ArenaLayout(graph, room: room, training: gradients.count > 0, kernels: kernels)
    lanes = (0..<count).map { index in
      Lane(
        graph, layout, shards: room.count, values: values,
        gradients: index == 0 ? gradients : FloatBuffer(count: gradients.count), kernels: kernels)
    }
    barrier = Barrier(count: team.count)
    logits = FloatBuffer(count: count == 1 ? 0 : capacity * graph.output.shape.count)
    blocks = GradientBlocks(graph.parameters, factored: factors.map(\.weightRange))
    squares = .allocate(capacity: blocks.ranges.count)
    squares.initialize(repeating: 0)
    images = TensorView(gradients.base, batch: 0, shape: graph.input.shape)
  }

  deinit { squares.deallocate() }

  /// Of a network with one lane, that one.
  var first: Lane { lanes[0] }

  /// Copies of the gradients.
  var count: Int { lanes.count }

  /// Floats of all arenas, and of shards' sums.
  var arenaCount: Int { lanes.reduce(0) { $0 + $1.roomCount } }

  func forward(_ images: TensorView, mode: Mode, samples: SampleKeys, accumulating: Bool) -> TensorView {
    (self.images, self.samples) = (images, samples)
    run(.forward(mode, accumulating: accumulating))
    let base = lanes.count == 1 ? first.arena.base + first.layout.logits.offset : logits.base
    return TensorView(
      base, batch: images.batch, shape: graph.output.shape,
      stride: lanes.count == 1 ? graph.output.stride : nil)
  }

  func loss(batch: Int, targets: LossTargets, scale: Float?) -> (loss: Double, correct: Int) {
    self.targets = (targets, scale)
    run(.loss)
    return lanes.reduce((0, 0)) { ($0.0 + $1.score.loss, $0.1 + $1.score.correct) }
  }

  func backward(
    _ images: TensorView, samples: SampleKeys, accumulating: Bool, completing: Bool,
    exchange: (any GradientExchange)?
  ) {
    (self.images, self.samples, self.exchange) = (images, samples, exchange)
    usesFactors = completing && !accumulating && (isAlone || exchange != nil)
    run(.backward(accumulating: accumulating, completing: completing))
    self.exchange = nil
  }

  var gradientSources: [any GradientSource] {
    (0..<team.count).map { _ in
      NetworkGradients(self, gradients, factors.compactMap(\.self), kernels: kernels)
    }
  }

  /// From now on the summed gradients in these ranges alone are here, besides those that come from factors.
  func own(_ ranges: [Range<Int>]) { blocks.own(ranges) }

  func sumOfGradientSquares<Problem: Error>(
    sharing: (UnsafeMutableBufferPointer<Double>) throws(Problem) -> Void
  ) throws(Problem) -> Double {
    run(.squares)
    if blocks.areOwned != nil { try sharing(squares) }
    return factors.reduce(squares.reduce(0, +)) { sum, factors in
      sum + (usesFactors ? factors?.sumOfSquares ?? 0 : 0)
    }
  }

  private func run(_ task: Task) {
    self.task = task
    team.run(self) { run(part: 0) }
  }

  func run(part thread: Int) {
    switch task {
    case .forward(let mode, let accumulating):
      for lane in lanes(of: thread) { forward(lane, mode: mode, accumulating: accumulating) }
    case .loss:
      for lane in lanes(of: thread) { score(lane) }
    case .backward(let accumulating, let completing):
      backward(thread, accumulating: accumulating, completing: completing)
    case .squares:
      for block in team.range(thread, of: squares.count) { squares[block] = sumOfSquares(block) }
    }
  }

  /// The lanes that a thread runs, one after the other.
  private func lanes(of thread: Int) -> Range<Int> {
    let each = lanes.count / team.count
    return thread * each..<(thread + 1) * each
  }

  /// What a lane has of the batch at hand.
  private struct Piece {
    /// The batch's number of the first image.
    let first: Int
    let images: TensorView
    let samples: SampleKeys
  }

  private func piece(_ lane: Int) -> Piece {
    let shards = self.samples.shards ?? Shards(whole: self.images.batch)
    let own = shards.part(lane, of: lanes.count)
    let first = own.start - shards.start
    var samples = samples
    samples.firstPosition += first
    samples.shards = own
    return Piece(
      first: first,
      images: TensorView(
        images.base + first * images.shape.count, batch: own.samples, shape: images.shape),
      samples: samples)
  }

  private func forward(_ lane: Int, mode: Mode, accumulating: Bool) {
    let piece = piece(lane)
    let result = lanes[lane].forward(
      piece.images, mode: mode, samples: piece.samples, accumulating: accumulating)
    guard lanes.count > 1 else { return }
    (logits.base + piece.first * graph.output.shape.count).update(from: result.base, count: result.count)
  }

  private func score(_ lane: Int) {
    guard let (targets, scale) = targets else { return }
    let piece = piece(lane)
    lanes[lane].score = lanes[lane].loss(
      batch: piece.images.batch, targets: targets.from(piece.first), scale: scale)
  }

  /// Of one block of gradients; 0 where they come from factors or are another rank's.
  private func sumOfSquares(_ block: Int) -> Double {
    if usesFactors && blocks.areFactored[block] || blocks.areOwned?[block] == false { return 0 }
    let range = blocks.ranges[block]
    return kernels.sumOfSquares(gradients.base + range.lowerBound, count: range.count)
  }

  /// Of a parameter's gradients, which do not come from factors. Where some are another rank's, that of the last
  /// ``sumOfGradientSquares(sharing:)``.
  func sumOfSquares(of parameter: Range<Int>) -> Double {
    let isShared = blocks.areOwned != nil
    return blocks.blocks(of: parameter).reduce(0) { $0 + (isShared ? squares[$1] : sumOfSquares($1)) }
  }

  // MARK: Backward

  private func backward(_ thread: Int, accumulating: Bool, completing: Bool) {
    if completing, parameterCount < gradients.count {
      complete(parameterCount..<gradients.count, thread, .f32)
    }
    var end = parameterCount
    for index in (first.layout.leadingCount..<graph.nodes.count).reversed() {
      let start = graph.nodes[index].firstParameter
      let factors = usesFactors ? factors[index] : nil
      for lane in lanes(of: thread) {
        let (piece, gradients) = (piece(lane), lanes[lane].gradients)
        if factors == nil, !accumulating, start < end {
          kernels.fill(gradients.base + start, count: end - start, value: 0)
        }
        lanes[lane].backward(
          index, piece.images, samples: piece.samples,
          factors: factors?.rows(
            lane, of: lanes.count, first: piece.first, isLast: lane == lanes.count - 1))
      }
      if let factors {
        barrier.wait()
        if thread == 0 { exchange?.factorsReady(factors) }
      } else if completing, start < end {
        complete(start..<end, thread, format)
      }
      end = start
    }
    if first.layout.leadingCount > 0 {
      for lane in lanes(of: thread) {
        let (piece, gradients) = (piece(lane), lanes[lane].gradients)
        if !accumulating, end > 0 { kernels.fill(gradients.base, count: end, value: 0) }
        lanes[lane].backwardByShards(piece.images, samples: piece.samples)
      }
      if completing, end > 0 { complete(0..<end, thread, format) }
    }
    if usesFactors { finishFactors(thread) }
  }

  /// Adds the lanes' gradients in the first lane's, each thread some of them, in a tree of fixed form.
  private func complete(_ range: Range<Int>, _ thread: Int, _ format: FloatFormat) {
    barrier.wait()
    let own = team.range(thread, of: range.count)
    let offset = range.lowerBound + own.lowerBound
    var distance = 1
    while distance < lanes.count {
      for lane in stride(from: 0, to: lanes.count - distance, by: 2 * distance) {
        let (sum, other) = (lanes[lane].gradients.base, lanes[lane + distance].gradients.base)
        switch format {
        case .f32: kernels.accumulate(other + offset, into: sum + offset, count: own.count)
        case .bf16: kernels.accumulateRounded(other + offset, into: sum + offset, count: own.count)
        }
      }
      distance *= 2
    }
    barrier.wait()
    if thread == 0 { exchange?.gradientsReady(from: range.lowerBound) }
  }

  /// Waits for the factors of all ranks, of which the threads work out the biases' gradients and what their norm needs.
  private func finishFactors(_ thread: Int) {
    for factors in factors.reversed() {
      guard let factors else { continue }
      if thread == 0 { exchange?.waitForFactors(factors) }
      barrier.wait()
      if thread == 0 { factors.addUpBias(into: gradients, kernels) }
      factors.multiplySamples(thread, of: team.count, kernels)
    }
  }
}
