import KernelShapes
import Kernels
import Tensors
import Testing

/// One kernel must do what a convolution, a function and a pooling do one after the other.
@Suite struct ReferencePooledConvolutionTests {
  private typealias Reference = ReferenceKernels

  @Test(arguments: KernelShapes.stages)
  func equalsItsParts(_ shape: StageShape) throws {
    let (stage, batch) = (shape.stage, 2)
    let window = stage.window
    let pool = try #require(WindowGeometry(input: window.output, kernel: 2, stride: 2, padding: 0))
    let x = TestNumbers.reals(batch * window.input.count, seed: 1)
    let weight = TestNumbers.reals(window.patch * window.output.channels, seed: 2)
    let bias = TestNumbers.reals(window.output.channels, seed: 3)
    let dy = TestNumbers.reals(batch * stage.output.count, seed: 4)
    #expect(pool.output == stage.output)

    var saved = [Float](repeating: .nan, count: stage.saved(batch: batch) + 1)
    var y = [Float](repeating: .nan, count: dy.count)
    var dw = [Float](repeating: 1, count: weight.count)
    var db = [Float](repeating: 2, count: bias.count)
    var none: [Float] = [0]
    Reference.pooledConvolution(
      stage, batch: batch, x: x, weight: weight, bias: bias, into: &y, saved: &saved, scratch: &none)
    Reference.pooledConvolutionGradients(
      stage, Shards(whole: batch), x: x, y: y, dy: dy, saved: saved, weight: &dw, bias: &db, scratch: &none)

    let count = batch * window.output.count
    var sums = [Float](repeating: 0, count: count)
    var values = sums
    var gradients = sums
    var argmax = [UInt8](repeating: 0, count: dy.count)
    var expected = [Float](repeating: 0, count: dy.count)
    var expectedFilters = [Float](repeating: 1, count: weight.count)
    var expectedBias = [Float](repeating: 2, count: bias.count)
    Reference.convolve(
      window, batch: batch, x: x, weight: weight, bias: bias, activation: .identity, into: &sums,
      scratch: &values)
    switch stage.function {
    case .identity: values = sums
    case .relu: Reference.relu(sums, into: &values, count: count)
    case .sigmoid: Reference.sigmoid(sums, into: &values, count: count)
    case .tanh: Reference.tanh(sums, into: &values, count: count)
    }
    switch stage.pooling {
    case .average:
      Reference.averagePool(pool, batch: batch, x: values, into: &expected)
      Reference.averagePoolGradient(pool, batch: batch, dy: dy, into: &gradients, adding: false)
    case .maximum:
      Reference.maxPool(
        pool, batch: batch, x: values, activation: .identity, into: &expected, argmax: &argmax)
      Reference.maxPoolGradient(
        pool, batch: batch, dy: dy, argmax: argmax, into: &gradients, adding: false)
    }
    let outer = gradients
    switch stage.function {
    case .identity: break
    case .relu: Reference.reluGradient(outer, y: values, into: &gradients, count: count)
    case .sigmoid: Reference.sigmoidGradient(outer, y: values, into: &gradients, count: count)
    case .tanh: Reference.tanhGradient(outer, y: values, into: &gradients, count: count)
    }
    Reference.convolutionParameterGradients(
      window, Shards(whole: batch), x: x, dy: gradients, weight: &expectedFilters, bias: &expectedBias,
      scratch: &values)

    // Both add up in double precision and round what lies between to float32.
    for (found, expected) in [(y, expected), (dw, expectedFilters), (db, expectedBias)] {
      let size = max(1, expected.map(abs).max() ?? 0)
      for (one, other) in zip(found, expected) { #expect(abs(one - other) <= 1e-6 * size) }
    }
  }

  @Test func onlyConvolutionsOfOneChannelAreDoneAsOne() {
    func stage(
      _ size: Int, channels: Int = 1, outputs: Int = 6, kernel: Int = 5, stride: Int = 1, padding: Int = 0
    ) -> PooledConvolution? {
      WindowGeometry(
        input: .init(height: size, width: size, channels: channels), kernel: kernel, stride: stride,
        padding: padding, channels: outputs
      ).flatMap { PooledConvolution($0, .sigmoid, .average) }
    }
    #expect(stage(28, padding: 2)?.output == .init(height: 14, width: 14, channels: 6))
    #expect(stage(29, kernel: 3)?.output == .init(height: 13, width: 13, channels: 6))
    #expect(stage(28, channels: 3) == nil)
    #expect(stage(28, outputs: 64)?.output == .init(height: 12, width: 12, channels: 64))
    #expect(stage(28, outputs: 65) == nil)
    #expect(stage(28, kernel: 4) == nil)
    #expect(stage(28, stride: 2) == nil)
    #expect(stage(28, padding: 5) == nil)
    #expect(stage(5) == nil, "one position, and so no window to pool")
  }

  /// Large images are cut so that the planes of a part fit into a cache.
  @Test func largeImagesAreCutIntoBands() throws {
    let input = Shape(height: 224, width: 224, channels: 1)
    for (outputs, bands) in [(2, 2), (8, 7), (64, 56)] {
      let window = try #require(
        WindowGeometry(input: input, kernel: 3, stride: 1, padding: 1, channels: outputs))
      let stage = try #require(PooledConvolution(window, .relu, .maximum))
      #expect(stage.bands == bands)
      #expect((bands - 1) * stage.band < 112 && bands * stage.band >= 112)
      #expect(stage.plane * outputs <= 1 << 16)
    }
  }
}
