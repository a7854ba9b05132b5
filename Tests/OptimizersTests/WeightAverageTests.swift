import InstructionSets
import Kernels
import Optimizers
import Tensors
import Testing

@Suite struct WeightAverageTests {
  private func buffer(_ values: [Float]) -> FloatBuffer {
    let buffer = FloatBuffer(count: values.count)
    for (index, value) in values.enumerated() { buffer.base[index] = value }
    return buffer
  }

  /// Weights that jump from a to b and stay leave prod(d) of the distance: with d = (1 + t) / (10 + t) the product up
  /// to step n telescopes to (n + 1)! 10! / (n + 10)!, which is that of k / (n + k) for k from 2 to 10.
  @Test func theWarmUpForgetsTheBeginning() throws {
    for kernels in [ReferenceKernels.self, try InstructionSets.best()] as [any KernelSet.Type] {
      let average = WeightAverage(count: 19, decay: 0.9999, kernels: kernels)
      average.begin(with: buffer([Float](repeating: 3, count: 19)))
      let weights = buffer([Float](repeating: 1, count: 19))
      var left = 1.0
      for step in 1...50 {
        average.update(from: weights, step: step)
        left = (2...10).reduce(1) { $0 * Double($1) / Double(step + $1) }
        let expected = Float(1 + 2 * left)
        #expect(average.values.elements.allSatisfy { abs($0 - expected) < 1e-6 }, "step \(step)")
      }
      #expect(left < 1e-8)
    }
  }

  /// Late in a run the decay is the given one, and the average of weights that jump is 1 - decay^n of the way there.
  @Test func theDecayIsTheGivenOneLater() {
    let average = WeightAverage(count: 3, decay: 0.75, kernels: ReferenceKernels.self)
    for step in 1...5 { average.update(from: buffer([1, 1, 1]), step: step + 1000) }
    #expect(average.values.elements.allSatisfy { abs($0 - (1 - 0.237_304_69)) < 1e-6 })
    // The two decays meet at (1 + t) / (10 + t) = 3 / 4: step 26.
    for (step, share) in [(25, Float(9.0 / 35)), (26, 0.25), (27, 0.25)] {
      average.begin(with: buffer([0, 0, 0]))
      average.update(from: buffer([1, 1, 1]), step: step)
      #expect(average.values.elements.allSatisfy { $0 == share }, "step \(step)")
    }
  }

  @Test func swappingTwiceChangesNoBit() throws {
    for kernels in [ReferenceKernels.self, try InstructionSets.best()] as [any KernelSet.Type] {
      let first = (0..<37).map { Float($0) / 3 }
      let average = WeightAverage(count: 37, decay: 0.9, kernels: kernels)
      let weights = buffer(first.map { -$0 })
      average.begin(with: buffer(first))
      average.swap(with: weights)
      #expect(Array(weights.elements) == first && Array(average.values.elements) == first.map { -$0 })
      average.swap(with: weights)
      #expect(Array(average.values.elements) == first && Array(weights.elements) == first.map { -$0 })
    }
  }
}
