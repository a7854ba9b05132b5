import KernelShapes
import Kernels
import Testing

@Suite struct FlatBufferTests {
  @Test(arguments: KernelShapes.counts)
  func base(_ count: Int) { check(Build.base.kernels, count) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.counts)
    func wide(_ count: Int) { check(Build.wide.kernels, count) }
  #endif

  private func check(_ kernels: any KernelSet.Type, _ count: Int) {
    let x = TestNumbers.reals(count, seed: 1)
    let input = GuardedBuffer(x)
    // Double precision with room for any order of the sum.
    let expected = ReferenceKernels.sumOfSquares(input.base, count: count)
    #expect(abs(kernels.sumOfSquares(input.base, count: count) - expected) <= 1e-13 * expected)

    let filled = GuardedBuffer(count: count)
    kernels.fill(filled.base, count: count, value: 2.5)
    #expect(filled.values == [Float](repeating: 2.5, count: count))

    let sum = GuardedBuffer(TestNumbers.reals(count, seed: 2))
    let before = sum.values
    kernels.accumulate(input.base, into: sum.base, count: count)
    #expect(sum.values == zip(before, x).map { $0 + $1 })
    let (rounded, expectedSum) = (GuardedBuffer(before), GuardedBuffer(before))
    kernels.accumulateRounded(input.base, into: rounded.base, count: count)
    ReferenceKernels.accumulateRounded(input.base, into: expectedSum.base, count: count)
    #expect(rounded.values == expectedSum.values && (count < 9 || rounded.values != sum.values))
    expectIntact([input, filled, sum, rounded])

    let average = GuardedBuffer(before)
    let twin = GuardedBuffer(before)
    kernels.average(input.base, into: average.base, count: count, share: 0.3)
    ReferenceKernels.average(input.base, into: twin.base, count: count, share: 0.3)
    expectClose(average.values, twin.values, "average") { _ in 3 * roundoff }
    kernels.average(average.base, into: twin.base, count: count, share: 1)
    expectClose(twin.values, average.values, "all of it") { _ in 3 * roundoff }
    let settled = GuardedBuffer(x)
    kernels.average(input.base, into: settled.base, count: count, share: 0.3)
    #expect(settled.values == x, "an average of equals stays where it is, to the bit")

    let (one, other) = (GuardedBuffer(x), GuardedBuffer(before))
    kernels.exchange(one.base, with: other.base, count: count)
    #expect(one.values == before && other.values == x)
    expectIntact([average, twin, settled, one, other])
  }

  @Test func squaresBeyondAFloatAreStillFinite() {
    for kernels in builds {
      #expect(abs(kernels.sumOfSquares([1e30, -1e30, 3], count: 3) - 2e60) < 1e54)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func oneBadElementMakesTheSumOfSquaresBad(_ value: Float) {
    for kernels in builds {
      for place in 0..<35 {
        var x = [Float](repeating: 1, count: 35)
        x[place] = value
        #expect(!kernels.sumOfSquares(x, count: 35).isFinite)
      }
    }
  }
}
