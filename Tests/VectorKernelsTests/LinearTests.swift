import KernelShapes
import Kernels
import Testing

@Suite struct LinearTests {
  @Test(arguments: KernelShapes.linears, KernelShapes.linearBatches)
  func base(_ shape: LinearShape, batch: Int) { check(Build.base.kernels, shape, batch) }

  #if arch(x86_64)
    @Test(.wideOnly, arguments: KernelShapes.linears, KernelShapes.linearBatches)
    func wide(_ shape: LinearShape, batch: Int) { check(Build.wide.kernels, shape, batch) }

    @Test(.wideOnly, arguments: KernelShapes.linears)
    func bothBuildsGiveTheSameBits(_ shape: LinearShape) {
      let inputs = LinearInputs(shape, batch: 7) { TestNumbers.reals($0, seed: $1) }
      let base = inputs.run(Build.base.kernels, shards: unevenShards)
      let wide = inputs.run(Build.wide.kernels, shards: unevenShards)
      for (name, key) in LinearOutputs.all { expectEqual(base[keyPath: key], wide[keyPath: key], name) }
    }
  #endif

  @Test(arguments: KernelShapes.linears, KernelShapes.linearBatches)
  func onOpenBLAS(_ shape: LinearShape, batch: Int) throws {
    check(try #require(Build.openBLAS), shape, batch)
  }

  /// Each shard is summed as if it were alone, and the sums are added up in the tree.
  @Test(arguments: KernelShapes.linears)
  func gradientsAreTreesOfShards(_ shape: LinearShape) throws {
    for kernels in builds + [ReferenceKernels.self, try #require(Build.openBLAS)] {
      var inputs = LinearInputs(shape, batch: 7) { TestNumbers.reals($0, seed: $1) }
      for added in 4...5 { inputs.numbers[added] = inputs.numbers[added].map { _ in 0 } }
      let found = inputs.run(kernels, shards: unevenShards)
      let alone = unevenShards.ranges.map { inputs.samples($0).run(kernels) }
      for (name, key) in LinearOutputs.all where key == \.dw || key == \.db {
        expectEqual(found[keyPath: key], treeSum(alone.map { $0[keyPath: key] }), "\(kernels.name): \(name)")
      }
    }
  }

  private func check(_ kernels: any KernelSet.Type, _ shape: LinearShape, _ batch: Int) {
    for bias in [true, false] {
      let whole = LinearInputs(shape, batch: batch) { TestNumbers.integers($0, seed: $1) }
      let found = whole.run(kernels, bias: bias)
      let expected = whole.run(ReferenceKernels.self, bias: bias)
      for (name, key) in LinearOutputs.all { expectEqual(found[keyPath: key], expected[keyPath: key], name) }
    }
    let real = LinearInputs(shape, batch: batch) { TestNumbers.reals($0, seed: $1) }
    let found = real.run(kernels)
    let expected = real.run(ReferenceKernels.self)
    let sizes = real.magnitudes.run(ReferenceKernels.self)
    for (name, key) in LinearOutputs.all {
      expectProduct(
        found[keyPath: key], expected[keyPath: key], sizes[keyPath: key],
        terms: max(shape.inputs, shape.outputs, batch), name)
    }
  }
}

/// What a linear layer's three kernels read.
private struct LinearInputs {
  let shape: LinearShape
  let batch: Int
  /// x, weight, bias, dy, and what dw and db hold before they are added to.
  var numbers: [[Float]]

  init(_ shape: LinearShape, batch: Int, _ numbers: (_ count: Int, _ seed: UInt64) -> [Float]) {
    self.shape = shape
    self.batch = batch
    let weights = shape.inputs * shape.outputs
    let counts = [
      batch * shape.inputs, weights, shape.outputs, batch * shape.outputs, weights, shape.outputs,
    ]
    self.numbers = counts.enumerated().map { numbers($1, UInt64($0)) }
  }

  /// Some samples of the batch.
  func samples(_ range: Range<Int>) -> LinearInputs {
    var some = LinearInputs(shape, batch: range.count) { count, _ in [Float](repeating: 0, count: count) }
    some.numbers = numbers
    for (index, length) in [(0, shape.inputs), (3, shape.outputs)] {
      some.numbers[index] = Array(numbers[index][range.lowerBound * length..<range.upperBound * length])
    }
    return some
  }

  var magnitudes: LinearInputs {
    var sizes = self
    sizes.numbers = numbers.map { $0.map(abs) }
    return sizes
  }

  func run(
    _ kernels: any KernelSet.Type, bias usesBias: Bool = true, shards: Shards? = nil
  ) -> LinearOutputs {
    let buffers = numbers.map { GuardedBuffer($0) }
    let y = GuardedBuffer(count: batch * shape.outputs)
    let dx = GuardedBuffer(count: batch * shape.inputs)
    let scratch = (0..<3).map { _ in
      GuardedBuffer(
        count: kernels.linearScratch(
          shards ?? Shards(whole: batch), inputs: shape.inputs, outputs: shape.outputs))
    }
    kernels.linear(
      batch: batch, inputs: shape.inputs, outputs: shape.outputs, x: buffers[0].base,
      weight: buffers[1].base, bias: usesBias ? UnsafePointer(buffers[2].base) : nil,
      activation: usesBias ? .relu : .identity, into: y.base,
      scratch: scratch[0].base)
    kernels.linearInputGradient(
      batch: batch, inputs: shape.inputs, outputs: shape.outputs, dy: buffers[3].base,
      weight: buffers[1].base, into: dx.base, scratch: scratch[1].base)
    kernels.linearParameterGradients(
      shards ?? Shards(whole: batch), inputs: shape.inputs, outputs: shape.outputs, x: buffers[0].base,
      dy: buffers[3].base,
      weight: buffers[4].base, bias: usesBias ? buffers[5].base : nil, scratch: scratch[2].base)
    // In two calls, as two threads make them; what was there before does not count.
    let products = GuardedBuffer(count: shape.inputs * shape.outputs)
    let sums = GuardedBuffer(count: shape.outputs)
    let middle = shape.inputs / 3
    for rows in [0..<middle, middle..<shape.inputs] {
      kernels.outerProducts(
        batch: batch, inputs: shape.inputs, outputs: shape.outputs, rows: rows, x: buffers[0].base,
        dy: buffers[3].base, weight: products.base + rows.lowerBound * shape.outputs,
        bias: usesBias && rows.lowerBound == 0 ? sums.base : nil)
    }
    if !usesBias { sums.base.update(repeating: 0, count: sums.count) }
    expectIntact(buffers + scratch + [y, dx, products, sums])
    return LinearOutputs(
      y: y.values, dx: dx.values, dw: buffers[4].values, db: buffers[5].values, products: products.values,
      sums: sums.values)
  }
}

private struct LinearOutputs {
  var y: [Float]
  var dx: [Float]
  var dw: [Float]
  var db: [Float]
  var products: [Float]
  var sums: [Float]

  static var all: [(String, KeyPath<LinearOutputs, [Float]>)] {
    [
      ("output", \.y), ("input gradient", \.dx), ("weight gradient", \.dw), ("bias gradient", \.db),
      ("outer products", \.products), ("their sums", \.sums),
    ]
  }
}
