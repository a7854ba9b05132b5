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
  static let sizes = [1, 3, 15, 16, 17, 33, 64, 100].flatMap { channels in
    [0, 1, 5, 63, 64, 65, 300].map { Size(rows: $0, channels: channels, gap: channels % 2 == 0 ? 7 : 0) }
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
    let sum = GuardedBuffer(TestNumbers.reals(size.rows * channels, seed: 12))
    kernels.addAndActivate(dy.base, into: sum.base, count: sum.count, activation: .relu)
    found.append(("sum", sum.values))
    expectIntact(buffers + [sum])
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
}
