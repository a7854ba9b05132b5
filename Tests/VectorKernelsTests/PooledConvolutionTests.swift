import KernelShapes
import Kernels
import Testing

@Suite struct PooledConvolutionTests {
  @Test(arguments: KernelShapes.stages)
  func base(_ shape: StageShape) { check(Build.base.kernels, shape) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.stages)
    func wide(_ shape: StageShape) { check(Build.wide.kernels, shape) }

    @Test(.wideOnly, arguments: KernelShapes.stages)
    func bothBuildsGiveTheSameBits(_ shape: StageShape) {
      let inputs = StageInputs(shape.stage, batch: 3) { TestNumbers.reals($0, seed: $1) }
      let (base, wide) = (inputs.run(Build.base.kernels), inputs.run(Build.wide.kernels))
      expectEqual(base.y, wide.y, "output")
      expectEqual(base.dw, wide.dw, "filter gradient")
      expectEqual(base.db, wide.db, "bias gradient")
    }
  #endif

  @Test(arguments: KernelShapes.stages)
  func onOpenBLAS(_ shape: StageShape) throws { check(try #require(Build.openBLAS), shape) }

  @Test(arguments: KernelShapes.stages)
  func anImageAloneHasTheSameBitsAsInABatch(_ shape: StageShape) {
    let inputs = StageInputs(shape.stage, batch: 3) { TestNumbers.reals($0, seed: $1) }
    let all = inputs.run(Build.base.kernels).y
    let (outputs, pixels) = (shape.stage.output.count, shape.stage.window.input.count)
    for image in 0..<3 {
      var alone = inputs
      alone.batch = 1
      alone.x = Array(inputs.x[image * pixels..<(image + 1) * pixels])
      alone.dy = Array(inputs.dy[image * outputs..<(image + 1) * outputs])
      expectEqual(
        alone.run(Build.base.kernels).y, Array(all[image * outputs..<(image + 1) * outputs]), "output")
    }
  }

  /// Each shard is summed as if it were alone, and the sums are added up in the tree.
  @Test(arguments: KernelShapes.stages)
  func gradientsAreTreesOfShards(_ shape: StageShape) {
    for kernels in builds + [ReferenceKernels.self] {
      var inputs = StageInputs(shape.stage, batch: 7) { TestNumbers.reals($0, seed: $1) }
      inputs.dw = inputs.dw.map { _ in 0 }
      inputs.db = inputs.db.map { _ in 0 }
      let found = inputs.run(kernels, shards: unevenShards)
      let (outputs, pixels) = (shape.stage.output.count, shape.stage.window.input.count)
      let alone = unevenShards.ranges.map { range in
        var some = inputs
        some.batch = range.count
        some.x = Array(inputs.x[range.lowerBound * pixels..<range.upperBound * pixels])
        some.dy = Array(inputs.dy[range.lowerBound * outputs..<range.upperBound * outputs])
        return some.run(kernels)
      }
      expectEqual(found.dw, treeSum(alone.map(\.dw)), "\(kernels.name): filter gradient")
      expectEqual(found.db, treeSum(alone.map(\.db)), "\(kernels.name): bias gradient")
    }
  }

  /// A NaN wins its windows and reaches no others; so does infinity.
  @Test(arguments: KernelShapes.stages)
  func infinityAndNotANumberReachOnlyTheirWindows(_ shape: StageShape) {
    for kernels in builds {
      for value in [Float.infinity, .nan] {
        var inputs = StageInputs(shape.stage, batch: 2) { TestNumbers.integers($0, seed: $1) }
        inputs.x[shape.stage.window.input.count / 2] = value
        let (found, expected) = (inputs.run(kernels), inputs.run(ReferenceKernels.self))
        expectEqual(found.y.map { $0.isFinite ? 1 : 0 }, expected.y.map { $0.isFinite ? 1 : 0 }, "output")
        expectEqual(found.y.map { $0.isNaN ? 1 : 0 }, expected.y.map { $0.isNaN ? 1 : 0 }, "output")
      }
    }
  }

  /// How much larger the errors of gradients may be than those of a plain sum of products, behind a function whose slope is
  /// worked out from a rounded value.
  private static let slopeAmplification: Float = 8
  /// A sigmoid or a hyperbolic tangent is within three units in the last place, of at most 1.
  private static let transcendental = 6 * roundoff

  private func check(_ kernels: any KernelSet.Type, _ shape: StageShape) {
    let stage = shape.stage
    let isSmooth = stage.function == .sigmoid || stage.function == .tanh
    for batch in KernelShapes.batches where !isSmooth {
      // Quarters of small whole numbers add up exactly in any order; many windows hold equals.
      let whole = StageInputs(stage, batch: batch) { TestNumbers.integers($0, seed: $1, bound: 2) }
      let (found, expected) = (whole.run(kernels), whole.run(ReferenceKernels.self))
      expectEqual(found.y, expected.y, "\(shape), batch \(batch), output")
      expectEqual(found.dw, expected.dw, "\(shape), batch \(batch), filter gradient")
      expectEqual(found.db, expected.db, "\(shape), batch \(batch), bias gradient")
    }
    for batch in [0, 2] {
      let real = StageInputs(stage, batch: batch) { TestNumbers.reals($0, seed: $1) }
      let (found, expected) = (real.run(kernels), real.run(ReferenceKernels.self))
      // Whichever place wins, it is one of the four whose quarters a mean adds up.
      guard let mean = PooledConvolution(stage.window, .identity, .average) else { return }
      var sizes = real.magnitudes(of: mean).run(ReferenceKernels.self)
      sizes.y = sizes.y.map { 4 * $0 + (isSmooth ? Self.transcendental / roundoff : 0) }
      sizes.dw = sizes.dw.map { 4 * $0 }
      sizes.db = sizes.db.map { 4 * $0 }
      let amplification = isSmooth ? Self.slopeAmplification : 1
      let terms = batch * 4 * stage.output.height * stage.output.width
      expectProduct(found.y, expected.y, sizes.y, terms: stage.window.patch, "\(shape), output")
      expectProduct(
        found.dw, expected.dw, sizes.dw, terms: terms, amplification: amplification,
        "\(shape), filter gradient")
      expectProduct(
        found.db, expected.db, sizes.db, terms: terms, amplification: amplification, "\(shape), bias gradient"
      )
    }
  }
}

/// What the two kernels of a stage read, in plain arrays.
private struct StageInputs {
  var stage: PooledConvolution
  var batch: Int
  var x: [Float]
  var weight: [Float]
  var bias: [Float]
  var dy: [Float]
  var dw: [Float]
  var db: [Float]

  init(_ stage: PooledConvolution, batch: Int, _ numbers: (_ count: Int, _ seed: UInt64) -> [Float]) {
    let (filters, channels) = (stage.window.patch * stage.output.channels, stage.output.channels)
    self.stage = stage
    self.batch = batch
    x = numbers(batch * stage.window.input.count, 1)
    weight = numbers(filters, 2)
    bias = numbers(channels, 3)
    dy = numbers(batch * stage.output.count, 4)
    dw = numbers(filters, 5)
    db = numbers(channels, 6)
  }

  /// The sizes of all numbers, for a stage with the same shapes.
  func magnitudes(of stage: PooledConvolution) -> StageInputs {
    var sizes = self
    sizes.stage = stage
    sizes.x = x.map(abs)
    sizes.weight = weight.map(abs)
    sizes.bias = bias.map(abs)
    sizes.dy = dy.map(abs)
    sizes.dw = dw.map(abs)
    sizes.db = db.map(abs)
    return sizes
  }

  /// What the kernels write, on buffers that begin as not-a-numbers; evaluation must agree with training.
  func run(
    _ kernels: any KernelSet.Type, shards: Shards? = nil
  ) -> (y: [Float], dw: [Float], db: [Float]) {
    let shards = shards ?? Shards(whole: batch)
    let inputs = [x, weight, bias, dy].map { GuardedBuffer($0) }
    let (dw, db) = (GuardedBuffer(dw), GuardedBuffer(db))
    let saved = GuardedBuffer(count: stage.saved(batch: batch))
    let scratch = (0..<3).map { _ in GuardedBuffer(count: kernels.pooledConvolutionScratch(stage, shards)) }
    let outputs = (0..<2).map { _ in GuardedBuffer(count: batch * stage.output.count) }
    for (index, y) in outputs.enumerated() {
      kernels.pooledConvolution(
        stage, batch: batch, x: inputs[0].base, weight: inputs[1].base, bias: inputs[2].base, into: y.base,
        saved: index == 0 ? saved.base : nil, scratch: scratch[index].base)
    }
    kernels.pooledConvolutionGradients(
      stage, shards, x: inputs[0].base, y: outputs[0].base, dy: inputs[3].base, saved: saved.base,
      weight: dw.base, bias: db.base, scratch: scratch[2].base)
    expectIntact(inputs + scratch + outputs + [dw, db, saved])
    expectEqual(outputs[1].values, outputs[0].values, "output in evaluation")
    return (outputs[0].values, dw.values, db.values)
  }
}
