import InstructionSets
import Kernels
import Optimizers
import Tensors
import Testing

@Suite struct OptimizerTests {
  /// The optimizers of the cases; what they are called is what scripts/goldens/optimizers.py calls them.
  private static let makers: [String: @Sendable ([ParameterSpan], any KernelSet.Type) -> any Optimizer] = [
    "sgd": { SGD($0, momentum: 0, weightDecay: 0, kernels: $1) },
    "sgd-decay": { SGD($0, momentum: 0, weightDecay: 0.05, kernels: $1) },
    "momentum": { SGD($0, momentum: 0.9, weightDecay: 0.05, kernels: $1) },
    "momentum-clipped": { SGD($0, momentum: 0.9, weightDecay: 0.05, kernels: $1) },
    "nesterov": { SGD($0, momentum: 0.9, nesterov: true, weightDecay: 0.05, kernels: $1) },
    "adam": { Adam($0, weightDecay: 0, kernels: $1) },
    "adam-decay": { Adam($0, weightDecay: 0.05, kernels: $1) },
    "adam-clipped": { Adam($0, weightDecay: 0.05, kernels: $1) },
    "adamw": { Adam($0, weightDecay: 0.05, isDecoupled: true, kernels: $1) },
    "adamw-clipped": { Adam($0, weightDecay: 0.05, isDecoupled: true, kernels: $1) },
    "lars": { LARS($0, momentum: 0.9, weightDecay: 0.05, kernels: $1) },
    "lars-clipped": { LARS($0, momentum: 0.9, weightDecay: 0.05, kernels: $1) },
    "lars-plain": { LARS($0, momentum: 0, weightDecay: 0, kernels: $1) },
  ]

  /// Five steps in single precision on numbers of size 1, against double: a few roundings of 2^-24 each.
  private static let tolerance: Float = 1e-6

  @Test func theFixtureIsWhole() throws {
    #expect(try Set(Goldens.read().cases.map(\.name)) == Set(Self.makers.keys))
  }

  @Test(arguments: makers.keys.sorted())
  func fiveStepsEqualPyTorch(name: String) throws {
    let goldens = try Goldens.read()
    let golden = try #require(goldens.cases.first { $0.name == name })
    let make = try #require(Self.makers[name])
    let spans = goldens.spans
    for kernels in [ReferenceKernels.self, try InstructionSets.best()] as [any KernelSet.Type] {
      let optimizer = make(spans, kernels)
      let parameters = spans.buffer(goldens.start, behind: 7)
      for (index, slopes) in goldens.gradients.enumerated() {
        // A gradient behind the spans is nobody's.
        let gradients = spans.buffer(slopes, behind: 7)
        let squares = slopes.joined().reduce(0.0) { $0 + Double($1) * Double($1) }
        let scale =
          golden.clips ? GradientClipping.scale(norm: squares.squareRoot(), limit: goldens.limit) : 1
        optimizer.update(
          parameters: parameters, gradients: gradients, step: index + 1, rate: goldens.rates[index],
          gradientScale: scale)
        expectClose(spans.values(in: parameters), golden.steps[index], "\(kernels.name), step \(index + 1)")
        #expect(spans.values(in: gradients) == slopes, "the gradients stay as they are")
      }
      #expect(Set(optimizer.moments.map(\.name)) == Set(golden.moments.keys))
      for moment in optimizer.moments {
        #expect(moment.buffer.count == parameters.count - FloatBuffer.alignment)
        expectClose(
          spans.values(in: moment.buffer), try #require(golden.moments[moment.name]), moment.name)
      }
      expectPadding(parameters, spans)
    }
  }

  @Test(arguments: makers.keys.sorted())
  func oneRunAndThreeGiveTheSameBits(name: String) throws {
    let goldens = try Goldens.read()
    let make = try #require(Self.makers[name])
    let kernels = try InstructionSets.best()
    // A gap of a whole cache line keeps spans apart; without it they are one run.
    let near = goldens.spans.map { ParameterSpan(offset: $0.offset, count: $0.count, decays: true) }
    let far = near.enumerated().map { index, span in
      ParameterSpan(
        offset: span.offset + index * 3 * FloatBuffer.alignment, count: span.count, decays: true)
    }
    var found: [[[Float]]] = []
    for spans in [near, far] {
      let optimizer = make(spans, kernels)
      let parameters = spans.buffer(goldens.start)
      for (index, slopes) in goldens.gradients.enumerated() {
        optimizer.update(
          parameters: parameters, gradients: spans.buffer(slopes), step: index + 1,
          rate: goldens.rates[index], gradientScale: GradientClipping.scale(norm: 1, limit: 2))
      }
      found.append(spans.values(in: parameters))
    }
    #expect(found[0] == found[1])
  }

  /// What lies between and behind the spans.
  private func expectPadding(_ buffer: FloatBuffer, _ spans: [ParameterSpan]) {
    let end = buffer.count - FloatBuffer.alignment
    for index in 0..<buffer.count where !spans.contains(where: { $0.range.contains(index) }) {
      #expect(buffer.base[index] == (index < end ? 0 : 7), "element \(index)")
    }
  }

  private func expectClose(_ found: [[Float]], _ expected: [[Float]], _ what: String) {
    #expect(found.map(\.count) == expected.map(\.count))
    let errors = zip(found.joined(), expected.joined()).map { abs($0 - $1) / max(1, abs($1)) }
    let worst = errors.max() ?? .infinity
    #expect(worst <= Self.tolerance && errors.allSatisfy(\.isFinite), "\(what): worst error \(worst)")
  }
}

extension ParameterSpan {
  fileprivate var range: Range<Int> { offset..<(offset + count) }
}
