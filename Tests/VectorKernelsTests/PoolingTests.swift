import KernelShapes
import Kernels
import Testing

@Suite struct PoolingTests {
  @Test(arguments: KernelShapes.poolings)
  func base(_ shape: WindowShape) { check(Build.base.kernels, shape) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.poolings)
    func wide(_ shape: WindowShape) { check(Build.wide.kernels, shape) }
  #endif

  /// A mean is a sum of whole numbers times a reciprocal: one rounding each.
  private static let meanFactor = 2 * roundoff

  private func check(_ kernels: any KernelSet.Type, _ shape: WindowShape) {
    let geometry = shape.geometry
    for batch in KernelShapes.batches {
      // Few different numbers make many ties.
      var x = TestNumbers.integers(batch * geometry.input.count, seed: 1, bound: 2)
      checkMaximum(kernels, geometry, batch, x, "\(shape), batch \(batch)")
      checkMean(kernels, geometry, batch, x, "\(shape), batch \(batch)")
      for index in stride(from: 0, to: x.count, by: 7) { x[index] = -.infinity }
      for index in stride(from: 3, to: x.count, by: 11) { x[index] = .infinity }
      for index in stride(from: 5, to: x.count, by: 13) { x[index] = .nan }
      checkMaximum(kernels, geometry, batch, x, "\(shape), batch \(batch), with infinities and not-a-numbers")
      let lowest = [Float](repeating: -.infinity, count: x.count)
      checkMaximum(kernels, geometry, batch, lowest, "\(shape), batch \(batch), all minus infinity")
    }
  }

  private func checkMaximum(
    _ kernels: any KernelSet.Type, _ geometry: WindowGeometry, _ batch: Int, _ x: [Float], _ what: String
  ) {
    let dy = TestNumbers.integers(batch * geometry.output.count, seed: 2)
    // A window of 256 places has no number left for "none".
    let activations: [Activation] = geometry.kernel < 16 ? [.identity, .relu] : [.identity]
    for activation in activations {
      let found = maximum(kernels, geometry, batch, x, dy, activation)
      let expected = maximum(ReferenceKernels.self, geometry, batch, x, dy, activation)
      expectEqual(found.y, expected.y, "maximum, \(what), \(activation)")
      #expect(found.argmax == expected.argmax, "place of the maximum, \(what), \(activation)")
      expectEqual(found.dx, expected.dx, "gradient of the maximum, \(what), \(activation)")
    }
  }

  private func maximum(
    _ kernels: any KernelSet.Type, _ geometry: WindowGeometry, _ batch: Int, _ x: [Float], _ dy: [Float],
    _ activation: Activation
  ) -> (y: [Float], argmax: [UInt8], dx: [Float]) {
    let (x, dy) = (GuardedBuffer(x), GuardedBuffer(dy))
    let y = GuardedBuffer(count: dy.count)
    let evaluated = GuardedBuffer(count: dy.count)
    let dx = GuardedBuffer(count: x.count)
    let guardByte: UInt8 = 0xC3
    var argmax = [UInt8](repeating: guardByte, count: dy.count + 64)
    kernels.maxPool(
      geometry, batch: batch, x: x.base, activation: activation, into: y.base, argmax: &argmax)
    kernels.maxPool(
      geometry, batch: batch, x: x.base, activation: activation, into: evaluated.base, argmax: nil)
    kernels.maxPoolGradient(geometry, batch: batch, dy: dy.base, argmax: argmax, into: dx.base, adding: false)
    let before = TestNumbers.integers(x.count, seed: 3)
    let added = GuardedBuffer(before)
    kernels.maxPoolGradient(
      geometry, batch: batch, dy: dy.base, argmax: argmax, into: added.base, adding: true)
    expectIntact([y, evaluated, dx, added])
    expectEqual(added.values, zip(before, dx.values).map(+), "gradient of the maximum, added")
    expectEqual(evaluated.values, y.values, "maximum without places")
    let overrun = argmax[dy.count...].contains { $0 != guardByte }
    #expect(!overrun, "places are written behind the last")
    return (y.values, Array(argmax[..<dy.count]), dx.values)
  }

  private func checkMean(
    _ kernels: any KernelSet.Type, _ geometry: WindowGeometry, _ batch: Int, _ x: [Float], _ what: String
  ) {
    let dy = TestNumbers.integers(batch * geometry.output.count, seed: 2)
    let found = mean(kernels, geometry, batch, x, dy)
    let expected = mean(ReferenceKernels.self, geometry, batch, x, dy)
    expectClose(found.y, expected.y, "mean, \(what)") { Self.meanFactor * abs(expected.y[$0]) }
    // Rounded before the sum over windows, so the bound is of the sizes that are added: at most 4, once a place.
    let bound = Self.meanFactor * 4 * Float(geometry.kernel * geometry.kernel)
    expectClose(found.dx, expected.dx, "gradient of the mean, \(what)") { _ in bound }
  }

  private func mean(
    _ kernels: any KernelSet.Type, _ geometry: WindowGeometry, _ batch: Int, _ x: [Float], _ dy: [Float]
  ) -> (y: [Float], dx: [Float]) {
    let (x, dy) = (GuardedBuffer(x), GuardedBuffer(dy))
    let y = GuardedBuffer(count: dy.count)
    let dx = GuardedBuffer(count: x.count)
    kernels.averagePool(geometry, batch: batch, x: x.base, into: y.base)
    kernels.averagePoolGradient(geometry, batch: batch, dy: dy.base, into: dx.base, adding: false)
    let before = TestNumbers.integers(x.count, seed: 3)
    let added = GuardedBuffer(before)
    kernels.averagePoolGradient(geometry, batch: batch, dy: dy.base, into: added.base, adding: true)
    expectIntact([y, dx, added])
    // One sum more than the gradient alone has, of sizes up to 4 at each place.
    let bound = Self.meanFactor * 4 * Float(geometry.kernel * geometry.kernel + 1)
    expectClose(added.values, zip(before, dx.values).map(+), "gradient of the mean, added") { _ in bound }
    return (y.values, dx.values)
  }
}
