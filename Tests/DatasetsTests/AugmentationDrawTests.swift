import Datasets
import Foundation
import Testing

@Suite struct AugmentationDrawTests {
  private static let count = 20_000

  /// Draws are fixed by the seed, so a bound of four standard errors is met or not, for ever.
  private static let errors = 4.0

  private func draws(_ augmentation: Augmentation, seed: UInt64 = 3, epoch: Int = 1) -> [Augmentation.Draw] {
    (0..<Self.count).map {
      augmentation.draw(seed: seed, epoch: epoch, sample: $0, shape: FashionMNIST.shape)
    }
  }

  /// Expects uniform numbers in a range: their mean, variance and ends.
  private func expectUniform(_ values: [Double], _ low: Double, _ high: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
    let expected = (high - low) * (high - low) / 12
    #expect(abs(mean - (low + high) / 2) < Self.errors * (expected / Double(values.count)).squareRoot())
    #expect(abs(variance / expected - 1) < Self.errors * (0.8 / Double(values.count)).squareRoot())
    #expect(values.min()! >= low && values.max()! <= high)
    #expect(values.min()! < low + 0.001 * (high - low) && values.max()! > high - 0.001 * (high - low))
  }

  @Test(arguments: [Float(0.5), 0.1, 1])
  func flipsAsOftenAsAsked(probability: Float) {
    let p = Double(probability)
    let found = Double(draws(Augmentation([.flip: probability])).count { $0.flips }) / Double(Self.count)
    #expect(abs(found - p) <= Self.errors * (p * (1 - p) / Double(Self.count)).squareRoot())
  }

  @Test func anglesAndFactorsAreUniform() {
    let draws = draws(Augmentation([.rotate: 15, .brightness: 0.3, .contrast: 0.4]))
    expectUniform(draws.map { Double($0.degrees) }, -15, 15)
    expectUniform(draws.map { Double($0.brightness) }, 0.7, 1.3)
    expectUniform(draws.map { Double($0.contrast) }, 0.6, 1.4)
  }

  @Test func cropsReachEveryPlaceEquallyOften() {
    let draws = draws(Augmentation([.crop: 3]))
    var found: [SIMD2<Int>: Int] = [:]
    for draw in draws { found[draw.shift, default: 0] += 1 }
    #expect(found.count == 49)
    #expect(found.keys.allSatisfy { abs($0.x) <= 3 && abs($0.y) <= 3 })
    let expected = Double(Self.count) / 49
    let squares = found.values.map { (Double($0) - expected) * (Double($0) - expected) / expected }
    // Chi-square with 48 degrees of freedom: 99.99 % lie below 94.
    #expect(squares.reduce(0, +) < 94)
  }

  /// The area is uniform from 2 to 33 %, mean 17.5 %, less the few rectangles that do not fit; the logarithm of the ratio
  /// is uniform, so tall and wide are alike.
  @Test func erasedRectangles() throws {
    let erased = draws(Augmentation([.erase: 0.4])).compactMap(\.erased)
    let share = Double(erased.count) / Double(Self.count)
    #expect(abs(share - 0.4) < Self.errors * (0.24 / Double(Self.count)).squareRoot())
    let areas = erased.map { Double($0.width * $0.height) / 784 }
    let mean = areas.reduce(0, +) / Double(areas.count)
    #expect(abs(mean - 0.17) < 0.01, "\(mean)")
    // Whole pixels may exceed the drawn area: half a pixel on each side.
    #expect(areas.min()! > 0.01 && areas.max()! < 0.36)
    for one in erased {
      #expect(one.x >= 0 && one.y >= 0 && one.x + one.width <= 28 && one.y + one.height <= 28)
      let ratio = Double(one.height) / Double(one.width)
      #expect(ratio > 0.2 && ratio < 5)
    }
    let tall = erased.count { $0.height > $0.width }
    let wide = erased.count { $0.height < $0.width }
    #expect(abs(Double(tall) / Double(tall + wide) - 0.5) < 0.04)
    #expect(erased.contains { $0.x == 0 } && erased.contains { $0.x + $0.width == 28 })
    #expect(erased.contains { $0.y == 0 } && erased.contains { $0.y + $0.height == 28 })
  }

  @Test func dependOnSeedEpochAndSampleAlone() {
    let all = Augmentation.usual
    #expect(draws(all) == draws(all))
    for others in [draws(all, seed: 4), draws(all, epoch: 2), Array(draws(all).dropFirst())] {
      let equal = zip(draws(all), others).count { $0 == $1 }
      #expect(equal == 0)
    }
  }

  /// Another method switched on leaves a method's choices as they were.
  @Test func methodsDoNotDisturbEachOther() {
    let all = draws(.usual)
    #expect(draws(Augmentation([.flip: 0.5])).map(\.flips) == all.map(\.flips))
    #expect(draws(Augmentation([.crop: 4])).map(\.shift) == all.map(\.shift))
    #expect(draws(Augmentation([.erase: 0.25])).map(\.erased) == all.map(\.erased))
  }
}
