import KernelShapes
import Kernels
import Testing

@Suite struct ChannelTests {
  struct Size: Sendable, CustomTestStringConvertible {
    var rows: Int
    var channels: Int
    /// Floats between rows that belong to somebody else.
    var gap: Int
    var testDescription: String { "\(rows) rows of \(channels), \(gap) apart" }
    var pixels: ChannelRows { ChannelRows(rows, channels: channels, stride: channels + gap) }
  }

  /// Channels around the width of vectors, rows around the block in which they are summed.
  static let sizes = [1, 3, 15, 16, 17, 31, 33, 64, 100].flatMap { channels in
    [0, 1, 5, 63, 64, 65, 300].flatMap { rows in
      [0, 7].map { Size(rows: rows, channels: channels, gap: $0) }
    }
  }

  /// Sums of up to 300 numbers of size 1 in blocks of four chains, then products of a few roundings each.
  private static let bound: Float = 40 * roundoff
  /// What lies between the rows of a slice and must stay.
  private static let guarded: Float = 12345

  private func strided(_ size: Size, seed: UInt64) -> [Float] {
    var values = [Float](repeating: Self.guarded, count: size.rows * size.pixels.stride)
    let numbers = TestNumbers.reals(size.rows * size.channels, seed: seed)
    for row in 0..<size.rows {
      for channel in 0..<size.channels {
        values[row * size.pixels.stride + channel] = numbers[row * size.channels + channel]
      }
    }
    return values
  }

  /// All kernels of channels on one size, the results one after the other, each with its name.
  private func results(_ kernels: any KernelSet.Type, _ size: Size) -> [(name: String, values: [Float])] {
    let (channels, rows) = (size.channels, size.pixels)
    let x = GuardedBuffer(strided(size, seed: 1))
    let dy = GuardedBuffer(TestNumbers.reals(size.rows * channels, seed: 2))
    let factors = (3..<9).map { GuardedBuffer(TestNumbers.reals(channels, seed: $0)) }
    let outputs = (0..<4).map { _ in GuardedBuffer(count: channels) }
    let y = GuardedBuffer(count: size.rows * channels)
    var found: [(name: String, values: [Float])] = []
    var buffers = [x, dy, y] + factors + outputs

    kernels.channelMoments(x.base, rows, mean: outputs[0].base, variance: outputs[1].base)
    found += [("mean", outputs[0].values), ("variance", outputs[1].values)]
    for activation in [Activation.identity, .relu] {
      kernels.scaleAndShift(
        x.base, rows, scale: factors[0].base, shift: factors[1].base, activation: activation, into: y.base)
      kernels.scaleAndShiftSums(
        dy.base, x: x.base, rows, scale: factors[0].base, shift: factors[1].base, activation: activation,
        centre: factors[2].base, sums: outputs[2].base, products: outputs[3].base)
      found += [
        ("\(activation) y", y.values), ("\(activation) sums", outputs[2].values),
        ("\(activation) products", outputs[3].values),
      ]
      for adding in [false, true] {
        let dx = GuardedBuffer(strided(size, seed: 10))
        kernels.scaleAndShiftGradient(
          dy.base, x: x.base, rows, scale: factors[0].base, shift: factors[1].base, activation: activation,
          a: factors[3].base, b: factors[4].base, c: factors[5].base, into: dx.base, adding: adding)
        found.append(("\(activation) dx, adding \(adding)", dx.values))
        buffers.append(dx)
      }
    }
    for adding in [false, true] {
      let copy = GuardedBuffer(TestNumbers.reals(size.rows * (channels + 5), seed: 11))
      kernels.copyRows(x.base, rows, into: copy.base, stride: channels + 5, adding: adding)
      found.append(("copy, adding \(adding)", copy.values))
      buffers.append(copy)
    }
    for activation in [Activation.identity, .relu] {
      let sum = GuardedBuffer(TestNumbers.reals(size.rows * channels, seed: 12))
      kernels.addAndActivate(dy.base, into: sum.base, count: sum.count, activation: activation)
      found.append(("\(activation) sum", sum.values))
      buffers.append(sum)
    }
    expectIntact(buffers)
    return found
  }

  @Test(arguments: sizes)
  func equalTheReference(_ size: Size) {
    let expected = results(ReferenceKernels.self, size)
    for kernels in builds {
      for (found, expected) in zip(results(kernels, size), expected) {
        expectClose(found.values, expected.values, "\(kernels.name), \(found.name), \(size)") { _ in
          // Sums over rows grow with them.
          Self.bound * (found.name.hasSuffix("sums") || found.name.hasSuffix("products") ? 20 : 1)
        }
      }
    }
  }

  @Test(arguments: sizes)
  func areTheSameInEveryBuild(_ size: Size) {
    let all = builds.map { results($0, size) }
    for other in all.dropFirst() {
      for (one, another) in zip(all[0], other) { expectEqual(one.values, another.values, one.name) }
    }
  }

  /// A variance that the square of the mean exceeds a hundred million times.
  @Test func momentsSurviveALargeMean() {
    let x = (0..<1000).map { Float(10_000 + ($0 % 2 == 0 ? 1 : -1)) }
    for kernels in builds + [ReferenceKernels.self] {
      var (mean, variance) = ([Float](repeating: 0, count: 1), [Float](repeating: 0, count: 1))
      kernels.channelMoments(x, ChannelRows(1000, channels: 1), mean: &mean, variance: &variance)
      #expect(abs(mean[0] - 10_000) < 0.002)
      #expect(abs(variance[0] - 1) < 1e-4)
    }
  }

  /// Rows whose mean is ten thousand times their deviation, in every lane: a sum of 300 numbers near 10,000 is rounded to
  /// a 64th, so their mean to a thousandth, which the blocks' own centres keep out of the variance.
  @Test(arguments: [1, 5, 63, 64, 65, 300])
  func momentsOfManyChannelsSurviveALargeMean(rows: Int) {
    let channels = 33
    let x = TestNumbers.reals(rows * channels, seed: 1, bound: 1.7).map { $0 + 10_000 }
    let size = ChannelRows(rows, channels: channels)
    func moments(_ kernels: any KernelSet.Type) -> [[Float]] {
      let (mean, variance) = (GuardedBuffer(count: channels), GuardedBuffer(count: channels))
      kernels.channelMoments(x, size, mean: mean.base, variance: variance.base)
      return [mean.values, variance.values]
    }
    let expected = moments(ReferenceKernels.self)
    for kernels in builds {
      let found = moments(kernels)
      expectClose(found[0], expected[0], "\(kernels.name), mean of \(rows)") { _ in 2e-3 }
      expectClose(found[1], expected[1], "\(kernels.name), variance of \(rows)") { _ in 1e-3 }
      #expect(found[1].allSatisfy { $0 >= 0 })
    }
  }

  /// What is not finite stays so in its channel, where the run's guard finds it, and reaches no other.
  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func whatIsNotFiniteStaysInItsChannel(value: Float) {
    let size = Size(rows: 70, channels: 19, gap: 2)
    let (rows, stride) = (size.pixels, size.pixels.stride)
    for kernels in builds + [ReferenceKernels.self] {
      for channel in [0, 8, 16, 18] {
        var x = strided(size, seed: 1)
        x[66 * stride + channel] = value
        let one = [Float](repeating: 1, count: 19)
        let (mean, variance) = (GuardedBuffer(count: 19), GuardedBuffer(count: 19))
        kernels.channelMoments(x, rows, mean: mean.base, variance: variance.base)
        let only = (0..<19).map { $0 != channel }
        #expect(mean.values.map(\.isFinite) == only && variance.values.map(\.isFinite) == only)
        #expect(variance.base[channel].isNaN)

        let y = GuardedBuffer(count: 70 * 19)
        kernels.scaleAndShift(x, rows, scale: one, shift: one, activation: .relu, into: y.base)
        // ReLU turns minus infinity, as any other negative number, into 0.
        let expected = value.isNaN ? value : max(value, 0)
        expectEqual([y.base[66 * 19 + channel]], [expected], "\(kernels.name), ReLU of \(value)")
        #expect(y.values.enumerated().allSatisfy { $0 == 66 * 19 + channel || $1.isFinite })

        let dx = GuardedBuffer(count: x.count, value: 0)
        let dy = TestNumbers.reals(70 * 19, seed: 2)
        kernels.scaleAndShiftGradient(
          dy, x: x, rows, scale: one, shift: one, activation: .relu, a: one, b: one, c: one, into: dx.base,
          adding: true)
        #expect(dx.values.enumerated().allSatisfy { $1.isFinite == ($0 != 66 * stride + channel) })
      }
    }
  }

  /// A gradient that is not a number passes where the activation does, and is cut off with it elsewhere.
  @Test func aGradientThatIsNotANumberFollowsTheActivation() {
    let rows = ChannelRows(1, channels: 17)
    let x = (0..<17).map { Float($0) - 8 }
    let (one, zero) = ([Float](repeating: 1, count: 17), [Float](repeating: 0, count: 17))
    let dy = [Float](repeating: .nan, count: 17)
    for kernels in builds + [ReferenceKernels.self] {
      let outputs = (0..<3).map { _ in GuardedBuffer(count: 17) }
      kernels.scaleAndShiftSums(
        dy, x: x, rows, scale: one, shift: zero, activation: .relu, centre: zero, sums: outputs[0].base,
        products: outputs[1].base)
      kernels.scaleAndShiftGradient(
        dy, x: x, rows, scale: one, shift: zero, activation: .relu, a: one, b: zero, c: zero,
        into: outputs[2].base, adding: false)
      for output in outputs { #expect(output.values.map(\.isNaN) == x.map { $0 > 0 }, "\(kernels.name)") }
    }
  }
}
