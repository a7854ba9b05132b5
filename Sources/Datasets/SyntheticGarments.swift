import Failures
import Tensors

/// Drawn garments in the ten classes of Fashion-MNIST, for machines without data.
///
/// Each picture is a few polygons whose place, size, slant, proportions, shade and texture vary, under noise. Classes
/// share their outlines as the real ones do (shirt, coat, pullover and t-shirt above all), so that a network has
/// something to learn. Sample i of a split depends on the seed and i alone: any count is a prefix of any larger one.
public struct SyntheticGarments: ImageSource {
  public let seed: UInt64
  /// Images in the training split and in the test split.
  public let trainCount: Int
  public let testCount: Int

  public init(seed: UInt64 = 0, trainCount: Int = 60_000, testCount: Int = 10_000) {
    precondition(trainCount > 0 && testCount > 0, "a split has at least one image")
    self.seed = seed
    self.trainCount = trainCount
    self.testCount = testCount
  }

  /// Draws a split; cannot fail.
  public func load(_ split: Split) -> ImageSet {
    let count = split == .train ? trainCount : testCount
    let shape = FashionMNIST.shape
    let layer = split == .train ? 0 : 1
    var labels: [UInt8] = []
    labels.reserveCapacity(count)
    let pixels = [UInt8](unsafeUninitializedCapacity: count * shape.count) { pixels, filled in
      let canvas = Canvas()
      for sample in 0..<count {
        let label = label(of: sample, layer: layer)
        labels.append(UInt8(label))
        let stream = RandomStream(seed: seed, .synthetic, layer: layer, sample: sample)
        Garment.allCases[label].draw(on: canvas, Dice(stream))
        addNoise(to: canvas, stream, into: pixels.baseAddress! + sample * shape.count)
      }
      filled = count * shape.count
    }
    return ImageSet(
      name: "synthetic", split: split, shape: shape, storage: pixels, labels: labels,
      classNames: FashionMNIST.classNames)
  }

  /// Classes come in shuffled tens, so every prefix is balanced.
  private func label(of sample: Int, layer: Int) -> Int {
    let classes = Garment.allCases.count
    // Layers 2 and 3 of the streams, which no picture uses.
    let stream = RandomStream(seed: seed, .synthetic, layer: 2 + layer, sample: sample / classes)
    // Where Fisher and Yates's shuffle of the ten brings the class that ends at this place, without making a list.
    var place = sample % classes
    for last in 1..<classes {
      let other = stream.integer(last, below: last + 1)
      if place == last { place = other } else if place == other { place = last }
    }
    return place
  }

  /// Rounds the drawing to bytes, with noise as strong as the picture's own grain.
  private func addNoise(
    to canvas: Canvas, _ stream: RandomStream, into output: UnsafeMutablePointer<UInt8>
  ) {
    // A drawing takes fewer than 512 words; the noise begins behind them.
    let firstBlock = 128
    let grain = 5 + 30 * stream.uniform(4 * firstBlock - 1)
    for first in stride(from: 0, to: FashionMNIST.shape.count, by: 16) {
      let bytes = unsafeBitCast(stream.block(firstBlock + first / 16), to: SIMD16<UInt8>.self)
      for lane in 0..<16 {
        let shade = canvas.pixels[first + lane]
        // The background stays black but for the grain that reaches above it.
        let noise = (Float(bytes[lane]) * (2.0 / 255) - 1) * (shade > 0 ? grain : 0.25 * grain)
        // Plus 2^23, a float keeps its integer, rounded to even, in its last bits.
        let rounded = min(max(shade + noise, 0), 255) + 0x1p23
        output[first + lane] = UInt8(truncatingIfNeeded: rounded.bitPattern)
      }
    }
  }
}
