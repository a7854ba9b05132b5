import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct DropoutTests {
  @Test(arguments: KernelShapes.counts)
  func base(_ count: Int) { check(Build.base.kernels, count) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.counts)
    func wide(_ count: Int) { check(Build.wide.kernels, count) }
  #endif

  private func check(_ kernels: any KernelSet.Type, _ count: Int) {
    let random = RandomStream(seed: 9, .dropout, layer: 2, time: 5, sample: 77)
    let x = TestNumbers.reals(count, seed: 1).enumerated().map { $0 % 29 == 28 ? Float.nan : $1 }
    for threshold: UInt32 in [0, 1 << 30, 1 << 31, .max] {
      let scale = 1 / (1 - Float(threshold) * 0x1p-32)
      let found = run(kernels, x, random, threshold, scale)
      #expect(found == run(ReferenceKernels.self, x, random, threshold, scale), "threshold \(threshold)")
    }
  }

  private func run(
    _ kernels: any KernelSet.Type, _ x: [Float], _ random: RandomStream, _ threshold: UInt32, _ scale: Float
  ) -> [UInt32] {
    let input = GuardedBuffer(x)
    let output = GuardedBuffer(count: x.count)
    kernels.dropout(
      input.base, into: output.base, count: x.count, random: random, threshold: threshold, scale: scale)
    kernels.dropout(
      input.base, into: input.base, count: x.count, random: random, threshold: threshold, scale: scale)
    expectIntact([input, output])
    expectEqual(input.values, output.values, "in place")
    return output.values.map(\.bitPattern)
  }
}
