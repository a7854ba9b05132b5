import KernelShapes
import Kernels
import Tensors
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

  @Test(arguments: KernelShapes.convolutions)
  func onOpenBLAS(_ shape: WindowShape) throws { check(try #require(Build.openBLAS), shape) }

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

  /// Each shard is summed as if it were alone, and the sums are added up in the tree.
  @Test(
    arguments: KernelShapes.convolutions.filter { $0.geometry.input.count * $0.geometry.patch < 1_500_000 })
  func gradientsAreTreesOfShards(_ shape: WindowShape) throws {
    for kernels in builds + [ReferenceKernels.self, try #require(Build.openBLAS)] {
      var inputs = ConvolutionInputs(shape.geometry, batch: 7) { TestNumbers.reals($0, seed: $1) }
      inputs.dw = inputs.dw.map { _ in 0 }
      inputs.db = inputs.db.map { _ in 0 }
      let found = inputs.run(kernels, shards: unevenShards)
      let alone = unevenShards.ranges.map { inputs.images($0).run(kernels) }
      expectEqual(found.dw, treeSum(alone.map(\.dw)), "\(kernels.name): filter gradient")
      expectEqual(found.db, treeSum(alone.map(\.db)), "\(kernels.name): bias gradient")
    }
  }

  /// Scratch for a batch is enough for every smaller one, as the last of an epoch is.
  @Test func scratchIsEnoughForFewerImages() throws {
    for kernels in builds {
      for shape in KernelShapes.convolutions {
        var before = 0
        for batch in 1...64 {
          let room = kernels.convolutionScratch(shape.geometry, Shards(whole: batch))
          #expect(room >= before, "\(kernels.name), \(shape), \(batch) images")
          before = room
        }
      }
      // Strips need more scratch here than what is worked on as a whole from 23 images on.
      let geometry = try #require(
        WindowGeometry(
          input: Shape(height: 13, width: 13, channels: 384), kernel: 3, stride: 1, padding: 1, channels: 256)
      )
      let most = kernels.convolutionScratch(geometry, Shards(whole: 32))
      for batch in 1..<32 { #expect(kernels.convolutionScratch(geometry, Shards(whole: batch)) <= most) }
    }
  }

  private func check(_ kernels: any KernelSet.Type, _ shape: WindowShape) {
    for batch in KernelShapes.batches {
      // Sums of small whole numbers are exact in any order, so nothing but the right terms passes. Where filters are
      // transformed, sixths and the like come in between, whose errors are far below one.
      let whole = ConvolutionInputs(shape.geometry, batch: batch) { TestNumbers.integers($0, seed: $1) }
      let isExact = !kernels.convolutionAlgorithm(shape.geometry).hasPrefix("F(")
      for (bias, activation) in [(true, Activation.relu), (false, .identity)] {
        let found = whole.run(kernels, bias: bias, activation: activation, gated: !bias)
        let expected = whole.run(ReferenceKernels.self, bias: bias, activation: activation, gated: !bias)
        let label = "\(shape), batch \(batch), \(bias ? "with bias" : "without bias, gated")"
        for (found, expected, what) in [
          (found.y, expected.y, "output"), (found.dx, expected.dx, "input gradient"),
          (found.dw, expected.dw, "filter gradient"),
        ] {
          expectClose(found, expected, "\(label), \(what)") { _ in isExact ? 0 : Self.belowOne }
        }
        expectEqual(found.db, expected.db, "\(label), bias gradient")
      }
    }
    let real = ConvolutionInputs(shape.geometry, batch: 2) { TestNumbers.reals($0, seed: $1) }
    let found = real.run(kernels)
    let expected = real.run(ReferenceKernels.self)
    let sizes = real.magnitudes.run(ReferenceKernels.self, activation: .identity)
    let isFiltered = kernels.convolutionAlgorithm(shape.geometry).hasPrefix("F(")
    let positions = 2 * shape.geometry.positions
    let scattered = shape.geometry.kernel * shape.geometry.kernel * shape.geometry.output.channels
    for (found, expected, sizes, terms, what) in [
      (found.y, expected.y, sizes.y, shape.geometry.patch, "output"),
      (found.dx, expected.dx, sizes.dx, scattered, "input gradient"),
      (found.dw, expected.dw, sizes.dw, positions, "filter gradient"),
    ] {
      // On small maps a tap of a filter meets few of its tile's sums, whose errors it has all the same.
      let largest = sizes.max() ?? 0
      let meetsFew = isFiltered && what == "filter gradient"
      let scale = meetsFew ? sizes.map { shape.geometry.kernel == 5 ? largest : min(largest, 2 * $0) } : sizes
      expectProduct(
        found, expected, scale, terms: terms, amplification: isFiltered ? Self.stray : 1,
        "\(shape), \(what)")
    }
    expectProduct(found.db, expected.db, sizes.db, terms: positions, "\(shape), bias gradient")
  }

  /// Far above the rounding errors of sums of small whole numbers behind transforms, and far below one.
  private static let belowOne: Float = 0.05
  /// How much further single elements of minimal filtering stray than those of a plain sum: transforms add what cancels later. See
  /// ``rootMeanSquares(_:)`` for what they do on average.
  private static let stray: Float = 4

  /// The root mean square of the errors of forward, of inputs' and of filters' gradients, in units of that of a plain sum, is what was
  /// found, from which README and the kernels' documentation have their numbers.
  @Test(
    arguments: [
      FilteringErrors("F(4x4|6x6,3x3)", size: 24, forward: 2.1, dx: 8.5, dw: 4.3),
      FilteringErrors("F(3x3|6x6,3x3)", size: 6, forward: 2.0, dx: 9.9, dw: 10.2),
      FilteringErrors("F(3x3|6x6,3x3)", size: 6, batch: 1, forward: 1.8, dx: 11.2, dw: 16.4),
      FilteringErrors("F(4x4,3x3)", size: 16, forward: 2.1, dx: 2.1, dw: 1.6),
      FilteringErrors("F(3x3,3x3)", size: 5, forward: 1.7, dx: 1.7, dw: 2.4),
      FilteringErrors("F(3x3,3x3) padded", size: 3, forward: 0.8, dx: 1.0, dw: 2.1),
      FilteringErrors("F(2x2,3x3) padded", size: 2, forward: 1.0, dx: 1.1, dw: 1.5),
      FilteringErrors("F(3x3,5x5) padded", size: 3, kernel: 5, forward: 1.4, dx: 1.7, dw: 3.6),
      FilteringErrors("F(2x2,5x5)", size: 2, kernel: 5, forward: 5.1, dx: 5.7, dw: 9.2),
      FilteringErrors("F(4x4,5x5)", size: 20, kernel: 5, forward: 5.0, dx: 5.1, dw: 5.9),
      FilteringErrors("F(3x3,3x3)/2", size: 24, stride: 2, forward: 0.6, dx: 0.9, dw: 0.7),
    ])
  func rootMeanSquares(_ known: FilteringErrors) throws {
    let geometry = try #require(
      WindowGeometry(
        input: Shape(height: known.size, width: known.size, channels: 32), kernel: known.kernel,
        stride: known.stride, padding: known.kernel / 2, channels: 32))
    var inputs = ConvolutionInputs(geometry, batch: known.batch) { TestNumbers.reals($0, seed: $1) }
    inputs.dw = inputs.dw.map { _ in 0 }
    let plain = inputs.plainSums()
    let exact = inputs.run(ReferenceKernels.self, bias: false, activation: .identity)
    for kernels in builds {
      #expect(kernels.convolutionAlgorithm(geometry) == known.name)
      let found = inputs.run(kernels, bias: false, activation: .identity)
      for (what, found, plain, exact, known) in [
        ("forward", found.y, plain.y, exact.y, known.forward),
        ("input gradients", found.dx, plain.dx, exact.dx, known.dx),
        ("filter gradients", found.dw, plain.dw, exact.dw, known.dw),
      ] {
        let ratio = distance(found, exact) / distance(plain, exact)
        #expect(abs(ratio - known) < 0.1, "\(kernels.name), \(geometry), \(what): \(ratio)")
      }
    }
  }

  /// Where tiles of six lead back: fewer products in all, and an eighth fewer below 128 channels.
  @Test(
    arguments: [
      (24, 24, 1, 16, "F(4x4|6x6,3x3)"), (6, 6, 1, 16, "F(3x3|6x6,3x3)"), (7, 6, 1, 127, "F(4x4,3x3)"),
      (7, 6, 1, 128, "F(4x4|6x6,3x3)"), (28, 28, 1, 64, "F(4x4,3x3)"), (28, 28, 1, 128, "F(4x4|6x6,3x3)"),
      (14, 14, 1, 512, "F(4x4,3x3)"), (5, 5, 1, 512, "F(3x3,3x3)"), (11, 11, 0, 16, "F(3x3|6x6,3x3)"),
      (14, 13, 0, 16, "F(4x4,3x3)"), (10, 9, 2, 16, "F(4x4|6x6,3x3)"), (3, 3, 1, 16, "F(3x3,3x3) padded"),
      (5, 5, 0, 16, "F(3x3,3x3)"), (3, 2, 1, 16, "F(4x4,3x3)"), (2, 2, 1, 16, "F(2x2,3x3) padded"),
      (2, 1, 1, 16, "F(2x2,3x3)"), (4, 4, 0, 16, "F(2x2,3x3)"),
    ])
  func tilesOfSixPay(_ height: Int, _ width: Int, _ padding: Int, _ channels: Int, _ name: String) throws {
    let geometry = try #require(
      WindowGeometry(
        input: Shape(height: height, width: width, channels: channels), kernel: 3, stride: 1,
        padding: padding, channels: channels))
    for kernels in builds { #expect(kernels.convolutionAlgorithm(geometry) == name) }
  }

  /// The shapes that are there for an algorithm have it.
  @Test(arguments: [
    ("by sixes", "|6x6,3x3)"), ("by threes", "F(3x3,3x3)"), ("3x3 tiles by twos", "F(2x2,3x3)"),
    ("5x5 tiles by twos", "F(2x2,5x5)"), ("on a map of", " padded"),
    ("pointwise", "in place"),
  ])
  func shapesHaveTheAlgorithmOfTheirName(_ part: String, _ algorithm: String) {
    let shapes = KernelShapes.convolutions.filter { $0.name.contains(part) }
    #expect(!shapes.isEmpty)
    for shape in shapes {
      for kernels in builds {
        #expect(kernels.convolutionAlgorithm(shape.geometry).hasSuffix(algorithm), "\(shape)")
      }
    }
  }

  private func distance(_ one: [Float], _ other: [Float]) -> Double {
    zip(one, other).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
      .squareRoot()
  }

  @Test func infinityAndNotANumberReachOnlyTheirWindows() throws {
    for build in builds {
      let shape = try #require(KernelShapes.convolutions.first { $0.name == "15 to 15" })
      for value in [Float.infinity, .nan] {
        var inputs = ConvolutionInputs(shape.geometry, batch: 1) { TestNumbers.integers($0, seed: $1) }
        inputs.x[15 * 3 + 5] = value
        inputs.dy[15 * 8 + 2] = value
        let found = inputs.run(build, activation: .identity)
        let expected = inputs.run(ReferenceKernels.self, activation: .identity)
        expectEqual(found.y.map { $0.isFinite ? 1 : 0 }, expected.y.map { $0.isFinite ? 1 : 0 }, "output")
        expectEqual(found.dw.map { $0.isFinite ? 1 : 0 }, expected.dw.map { $0.isFinite ? 1 : 0 }, "filters")
        #expect(found.db[2].isFinite == false)
      }
    }
  }
}

/// The errors of an algorithm on a square map of 32 channels.
struct FilteringErrors {
  let (name, size, kernel, stride, batch): (String, Int, Int, Int, Int)
  let (forward, dx, dw): (Double, Double, Double)

  init(
    _ name: String, size: Int, kernel: Int = 3, stride: Int = 1, batch: Int = 3, forward: Double, dx: Double,
    dw: Double
  ) {
    (self.name, self.size, self.kernel, self.stride, self.batch) = (name, size, kernel, stride, batch)
    (self.forward, self.dx, self.dw) = (forward, dx, dw)
  }
}

/// Expects sums of `terms` products: roundings of either sign walk about as far as the root of their number, which the
/// factor 4 leaves room for, in units of the sum of the products' sizes; an algorithm may amplify them.
func expectProduct(
  _ found: [Float], _ expected: [Float], _ sizes: [Float], terms: Int, amplification: Float = 1,
  _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let factor = 4 * amplification * roundoff * Float(terms + 2).squareRoot()
  expectClose(found, expected, what, sourceLocation: sourceLocation) { factor * sizes[$0] }
}
