import KernelShapes
import Kernels
import Tensors
import Testing

@Suite struct AdaptivePoolingTests {
  static let cells: [AdaptiveCells] = [
    (1, 1, 1, 1), (4, 5, 3, 1), (7, 7, 17, 1), (5, 7, 16, 2), (5, 7, 15, 3), (2, 3, 4, 5), (13, 9, 33, 6),
  ].map { height, width, channels, size in
    AdaptiveCells(input: Shape(height: height, width: width, channels: channels), size: size)
  }

  /// A mean of up to 117 numbers of size 1.
  private static let bound: Float = 120 * roundoff

  private func results(_ kernels: any KernelSet.Type, _ cells: AdaptiveCells, batch: Int) -> [[Float]] {
    let x = GuardedBuffer(TestNumbers.reals(batch * cells.input.count, seed: 1))
    let dy = GuardedBuffer(TestNumbers.reals(batch * cells.output.count, seed: 2))
    let y = GuardedBuffer(count: batch * cells.output.count)
    let dx = GuardedBuffer(count: batch * cells.input.count)
    let added = GuardedBuffer(TestNumbers.reals(batch * cells.input.count, seed: 3))
    kernels.adaptiveAveragePool(cells, batch: batch, x: x.base, into: y.base)
    kernels.adaptiveAveragePoolGradient(cells, batch: batch, dy: dy.base, into: dx.base, adding: false)
    kernels.adaptiveAveragePoolGradient(cells, batch: batch, dy: dy.base, into: added.base, adding: true)
    expectIntact([x, dy, y, dx, added])
    return [y.values, dx.values, added.values]
  }

  @Test(arguments: cells)
  func equalTheReference(_ cells: AdaptiveCells) {
    for batch in [0, 1, 3] {
      let expected = results(ReferenceKernels.self, cells, batch: batch)
      let all = builds.map { results($0, cells, batch: batch) }
      for found in all {
        for (found, expected) in zip(found, expected) {
          expectClose(found, expected, "\(cells)") { _ in Self.bound }
        }
        for (found, first) in zip(found, all[0]) { expectEqual(found, first, "\(cells) in every build") }
      }
    }
  }

  /// Cells as PyTorch cuts them: 5 pixels in 3 cells overlap.
  @Test func cellsOverlapAsInPyTorch() {
    #expect((0..<3).map { AdaptiveCells.range($0, of: 3, size: 5) } == [0..<2, 1..<4, 3..<5])
    #expect(AdaptiveCells.range(0, of: 1, size: 7) == 0..<7)
  }

  @Test func whatIsNotANumberStaysInItsCellAndChannel() {
    let cells = AdaptiveCells(input: Shape(height: 4, width: 4, channels: 18), size: 2)
    for kernels in builds + [ReferenceKernels.self] {
      let x = GuardedBuffer(TestNumbers.reals(cells.input.count, seed: 1))
      // Row 1, column 2: the second cell.
      x.base[(1 * 4 + 2) * 18 + 17] = .nan
      let y = GuardedBuffer(count: cells.output.count)
      kernels.adaptiveAveragePool(cells, batch: 1, x: x.base, into: y.base)
      #expect(y.values.enumerated().allSatisfy { ($0 == 1 * 18 + 17) == $1.isNaN }, "\(kernels.name)")
    }
  }
}
