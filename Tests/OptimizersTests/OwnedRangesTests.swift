import InstructionSets
import Kernels
import Optimizers
import Tensors
import Testing

@Suite struct OwnedRangesTests {
  @Test func momentsLieWithoutGaps() {
    let owned = OwnedRanges([16..<48, 64..<64, 96..<112])
    #expect(owned.count == 48 && owned.ranges == [16..<48, 96..<112])
    var found: [[Range<Int>]] = []
    owned.forEachMoment(in: 32..<100) { found.append([$0, $1]) }
    #expect(found == [[32..<48, 16..<32], [96..<100, 32..<36]])
  }

  private static let makers: [String: @Sendable ([ParameterSpan], OwnedRanges?) throws -> any Optimizer] = [
    "sgd": { SGD($0, momentum: 0.9, weightDecay: 0.1, owned: $1, kernels: try InstructionSets.best()) },
    "adamw": {
      Adam($0, weightDecay: 0.1, isDecoupled: true, owned: $1, kernels: try InstructionSets.best())
    },
    "lars": { LARS($0, momentum: 0.9, weightDecay: 0.1, owned: $1, kernels: try InstructionSets.best()) },
  ]

  /// Two optimizers, each with a part and moments for it alone, make the parameters and moments of one, to the bit.
  @Test(arguments: makers.keys.sorted())
  func partsMakeTheWhole(name: String) throws {
    let make = try #require(Self.makers[name])
    let spans = [(0, 100, true), (112, 7, false), (128, 300, true)].map {
      ParameterSpan(offset: $0.0, count: $0.1, decays: $0.2)
    }
    let count = 432
    func buffer(_ seed: Int) -> FloatBuffer {
      let buffer = FloatBuffer(count: count)
      for span in spans {
        for index in span.offset..<span.offset + span.count {
          buffer.base[index] = Float((index * 37 + seed * 101) % 64) / 64 - 0.4
        }
      }
      return buffer
    }
    let halves = [OwnedRanges([0..<64, 160..<304]), OwnedRanges([64..<160, 304..<432])]
    let optimizers = [try make(spans, nil)] + (try halves.map { try make(spans, $0) })
    let (whole, shared) = (buffer(0), buffer(0))
    for step in 1...3 {
      let gradients = buffer(step)
      for (index, optimizer) in optimizers.enumerated() where index > 0 {
        // Norms are those of before the step, whoever updates first.
        optimizer.prepare(parameters: whole, gradients: gradients, gradientScale: 0.5, part: .whole)
        optimizer.update(
          parameters: shared, gradients: gradients, step: step, rate: 0.1, gradientScale: 0.5,
          elements: 0..<count)
      }
      optimizers[0].update(
        parameters: whole, gradients: gradients, step: step, rate: 0.1, gradientScale: 0.5)
      #expect(Array(whole.elements) == Array(shared.elements), "step \(step)")
    }
    for (index, moment) in optimizers[0].moments.enumerated() {
      for optimizer in optimizers.dropFirst() {
        let own = optimizer.moments[index].buffer
        #expect(own.count == optimizer.owned.count)
        optimizer.owned.forEachMoment(in: 0..<count) { elements, moments in
          #expect(Array(moment.buffer.elements[elements]) == Array(own.elements[moments]))
        }
      }
    }
  }
}
