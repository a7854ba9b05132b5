import KernelShapes
import Kernels
import Testing

/// Convolutions that write some channels of a wider image, and input gradients that are added to what is there, and masked.
@Suite struct SliceTests {
  /// Channels of others beside those of the output.
  private static let others = 5
  private static let guarded: Float = 777

  @Test(arguments: KernelShapes.convolutions.filter { $0.geometry.input.count * $0.geometry.patch < 400_000 })
  func slicesGiveTheBitsOfWholeImages(_ shape: WindowShape) {
    let whole = shape.geometry
    let slice = whole.spaced(whole.output.channels + Self.others)
    let batch = 2
    let x = TestNumbers.reals(batch * whole.input.count, seed: 1)
    let weight = TestNumbers.reals(whole.patch * whole.output.channels, seed: 2)
    let bias = TestNumbers.reals(whole.output.channels, seed: 3)
    let dy = TestNumbers.reals(batch * whole.output.count, seed: 4)
    for kernels in builds + [ReferenceKernels.self] {
      var results: [[[Float]]] = []
      for geometry in [whole, slice] {
        let scratch = GuardedBuffer(count: kernels.convolutionScratch(geometry, Shards(whole: batch)))
        let y = GuardedBuffer(spread([Float](repeating: 0, count: dy.count), geometry))
        kernels.convolve(
          geometry, batch: batch, x: x, weight: weight, bias: bias, activation: .relu, into: y.base,
          scratch: scratch.base)
        let gradient = spread(dy, geometry)
        let dx = GuardedBuffer(count: x.count)
        kernels.convolutionInputGradient(
          geometry, batch: batch, dy: gradient, weight: weight, into: dx.base, adding: false, gate: nil,
          scratch: scratch.base)
        let dw = GuardedBuffer(count: weight.count, value: 0)
        let db = GuardedBuffer(count: bias.count, value: 0)
        kernels.convolutionParameterGradients(
          geometry, Shards(whole: batch), x: x, dy: gradient, weight: dw.base, bias: db.base,
          scratch: scratch.base)
        expectIntact([scratch, y, dx, dw, db])
        results.append([gathered(y.values, geometry), dx.values, dw.values, db.values])
      }
      for (whole, slice) in zip(results[0], results[1]) {
        expectEqual(slice, whole, "\(kernels.name), \(shape)")
      }
    }
  }

  @Test(arguments: KernelShapes.convolutions.filter { $0.geometry.input.count * $0.geometry.patch < 400_000 })
  func inputGradientsAreAdded(_ shape: WindowShape) throws {
    let geometry = shape.geometry
    let weight = TestNumbers.integers(geometry.patch * geometry.output.channels, seed: 2, bound: 2)
    let dy = TestNumbers.integers(geometry.output.count, seed: 4, bound: 2)
    let before = TestNumbers.integers(geometry.input.count, seed: 5)
    let x = TestNumbers.integers(geometry.input.count, seed: 6).map { max($0, 0) }
    for kernels in builds + [ReferenceKernels.self, try #require(Build.openBLAS)] {
      let scratch = GuardedBuffer(count: kernels.convolutionScratch(geometry, Shards(whole: 1)))
      func gradient(into dx: GuardedBuffer, adding: Bool, gate: [Float]?) -> [Float] {
        kernels.convolutionInputGradient(
          geometry, batch: 1, dy: dy, weight: weight, into: dx.base, adding: adding, gate: gate,
          scratch: scratch.base)
        expectIntact([dx, scratch])
        return dx.values
      }
      let fresh = gradient(into: GuardedBuffer(count: before.count), adding: false, gate: nil)
      // Whole numbers add up exactly.
      let sums = zip(fresh, before).map { $0 + $1 }
      let label = "\(kernels.name), \(shape)"
      expectEqual(gradient(into: GuardedBuffer(before), adding: true, gate: nil), sums, label)
      expectEqual(
        gradient(into: GuardedBuffer(before), adding: true, gate: x), zip(sums, x).map { $1 > 0 ? $0 : 0 },
        "\(label), gated")
    }
  }

  @Test(arguments: KernelShapes.poolings)
  func poolingGradientsAreAdded(_ shape: WindowShape) {
    let geometry = shape.geometry
    let x = TestNumbers.integers(geometry.input.count, seed: 1)
    let dy = TestNumbers.integers(geometry.output.count, seed: 2)
    let before = TestNumbers.integers(geometry.input.count, seed: 3)
    for kernels in builds + [ReferenceKernels.self] {
      let y = GuardedBuffer(count: dy.count)
      var argmax = [UInt8](repeating: 0, count: max(1, dy.count))
      kernels.maxPool(geometry, batch: 1, x: x, activation: .identity, into: y.base, argmax: &argmax)
      let (fresh, added) = (GuardedBuffer(count: x.count), GuardedBuffer(before))
      kernels.maxPoolGradient(geometry, batch: 1, dy: dy, argmax: argmax, into: fresh.base, adding: false)
      kernels.maxPoolGradient(geometry, batch: 1, dy: dy, argmax: argmax, into: added.base, adding: true)
      expectEqual(added.values, zip(fresh.values, before).map { $0 + $1 }, "maximum, \(shape)")
      let (mean, addedMean) = (GuardedBuffer(count: x.count), GuardedBuffer(before))
      kernels.averagePoolGradient(geometry, batch: 1, dy: dy, into: mean.base, adding: false)
      kernels.averagePoolGradient(geometry, batch: 1, dy: dy, into: addedMean.base, adding: true)
      let places = Float(geometry.kernel * geometry.kernel)
      expectClose(addedMean.values, zip(mean.values, before).map { $0 + $1 }, "mean, \(shape)") { _ in
        8 * roundoff * places
      }
    }
  }

  /// The values as channels of an image with others beside them.
  private func spread(_ values: [Float], _ geometry: WindowGeometry) -> [Float] {
    let channels = geometry.output.channels
    let pixels = values.count / channels
    var spread = [Float](repeating: Self.guarded, count: pixels * geometry.outputStride)
    for pixel in 0..<pixels {
      for channel in 0..<channels {
        spread[pixel * geometry.outputStride + channel] = values[pixel * channels + channel]
      }
    }
    return spread
  }

  /// The channels of the output; those beside them must be as they were.
  private func gathered(_ values: [Float], _ geometry: WindowGeometry) -> [Float] {
    var gathered: [Float] = []
    for (index, value) in values.enumerated() {
      if index % geometry.outputStride < geometry.output.channels {
        gathered.append(value)
      } else {
        #expect(value == Self.guarded, "another's channel was written")
      }
    }
    return gathered
  }
}
