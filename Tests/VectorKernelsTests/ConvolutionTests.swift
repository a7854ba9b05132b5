import KernelShapes
import Kernels
import Testing

@Suite struct ConvolutionTests {
  @Test(arguments: KernelShapes.convolutions)
  func base(_ shape: WindowShape) { check(Build.base.kernels, shape) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.convolutions)
    func wide(_ shape: WindowShape) { check(Build.wide.kernels, shape) }

    @Test(.wideOnly, arguments: KernelShapes.convolutions)
    func bothBuildsGiveTheSameBits(_ shape: WindowShape) {
      let inputs = ConvolutionInputs(shape.geometry, batch: 3) { TestNumbers.reals($0, seed: $1) }
      let base = inputs.run(Build.base.kernels)
      let wide = inputs.run(Build.wide.kernels)
      expectEqual(base.y, wide.y, "output")
      expectEqual(base.dx, wide.dx, "input gradient")
      expectEqual(base.dw, wide.dw, "filter gradient")
      expectEqual(base.db, wide.db, "bias gradient")
    }
  #endif

  /// A window's output and an image's gradient do not depend on what is computed beside them.
  @Test(arguments: KernelShapes.convolutions)
  func anImageAloneHasTheSameBitsAsInABatch(_ shape: WindowShape) {
    let geometry = shape.geometry
    let batch = ConvolutionInputs(geometry, batch: 3) { TestNumbers.reals($0, seed: $1) }
    let all = batch.run(Build.base.kernels)
    for image in 0..<3 {
      let alone = batch.image(image).run(Build.base.kernels)
      let (outputs, inputs) = (geometry.output.count, geometry.input.count)
      expectEqual(alone.y, Array(all.y[image * outputs..<(image + 1) * outputs]), "output")
      expectEqual(alone.dx, Array(all.dx[image * inputs..<(image + 1) * inputs]), "input gradient")
    }
  }

  private func check(_ kernels: any KernelSet.Type, _ shape: WindowShape) {
    for batch in KernelShapes.batches {
      // Sums of small whole numbers are exact in any order, so nothing but the right terms passes.
      let whole = ConvolutionInputs(shape.geometry, batch: batch) { TestNumbers.integers($0, seed: $1) }
      let found = whole.run(kernels)
      let expected = whole.run(ReferenceKernels.self)
      expectEqual(found.y, expected.y, "\(shape), batch \(batch), output")
      expectEqual(found.dx, expected.dx, "\(shape), batch \(batch), input gradient")
      expectEqual(found.dw, expected.dw, "\(shape), batch \(batch), filter gradient")
      expectEqual(found.db, expected.db, "\(shape), batch \(batch), bias gradient")

      let plain = whole.run(kernels, bias: false, activation: .identity)
      let plainExpected = whole.run(ReferenceKernels.self, bias: false, activation: .identity)
      expectEqual(plain.y, plainExpected.y, "\(shape), batch \(batch), output without bias and activation")
      expectEqual(plain.dw, plainExpected.dw, "\(shape), batch \(batch), filter gradient without bias")
    }
    let real = ConvolutionInputs(shape.geometry, batch: 2) { TestNumbers.reals($0, seed: $1) }
    let found = real.run(kernels)
    let expected = real.run(ReferenceKernels.self)
    let sizes = real.magnitudes.run(ReferenceKernels.self, activation: .identity)
    let positions = 2 * shape.geometry.positions
    expectProduct(found.y, expected.y, sizes.y, terms: shape.geometry.patch, "\(shape), output")
    let scattered = shape.geometry.kernel * shape.geometry.kernel * shape.geometry.output.channels
    expectProduct(found.dx, expected.dx, sizes.dx, terms: scattered, "\(shape), input gradient")
    expectProduct(found.dw, expected.dw, sizes.dw, terms: positions, "\(shape), filter gradient")
    expectProduct(found.db, expected.db, sizes.db, terms: positions, "\(shape), bias gradient")
  }

  @Test func infinityAndNotANumberReachOnlyTheirWindows() throws {
    for build in builds {
      let shape = try #require(KernelShapes.convolutions.first { $0.name == "17 to 17" })
      for value in [Float.infinity, .nan] {
        var inputs = ConvolutionInputs(shape.geometry, batch: 1) { TestNumbers.integers($0, seed: $1) }
        inputs.x[17 * 3 + 5] = value
        inputs.dy[17 * 8 + 2] = value
        let found = inputs.run(build, activation: .identity)
        let expected = inputs.run(ReferenceKernels.self, activation: .identity)
        expectEqual(found.y.map { $0.isFinite ? 1 : 0 }, expected.y.map { $0.isFinite ? 1 : 0 }, "output")
        expectEqual(found.dw.map { $0.isFinite ? 1 : 0 }, expected.dw.map { $0.isFinite ? 1 : 0 }, "filters")
        #expect(found.db[2].isFinite == false)
      }
    }
  }
}

/// Expects sums of `terms` products: roundings of either sign walk about as far as the root of their number, which the
/// factor 4 leaves room for, in units of the sum of the products' sizes.
func expectProduct(
  _ found: [Float], _ expected: [Float], _ sizes: [Float], terms: Int, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let factor = 4 * roundoff * Float(terms + 2).squareRoot()
  expectClose(found, expected, what, sourceLocation: sourceLocation) { factor * sizes[$0] }
}
