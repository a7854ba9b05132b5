import Datasets
import Foundation
import Tensors
import Testing

@Suite struct AugmenterTests {
  /// Rounding of positions below 28 is 2e-6, of which an interpolated value shows the part of its slope, at most 1.
  private static let tolerance: Float = 5e-6

  private static let shape = FashionMNIST.shape
  private static let picture = (0..<784).map { (index: Int) -> UInt8 in
    let slopes = index * index * 31 + 7 * index + 5 * (index / 28)
    return UInt8(slopes % 256)
  }

  private func apply(_ change: (inout Augmentation.Draw) -> Void) -> [Float] {
    var draw = Augmentation.Draw()
    change(&draw)
    let augmenter = Augmenter(Augmentation(), shape: Self.shape, seed: 0)
    // A guard behind the picture shows whether anything was written past it.
    let buffer = FloatBuffer(count: 785)
    buffer.elements.update(repeating: -7)
    Self.picture.withUnsafeBufferPointer { augmenter.apply(draw, to: $0.baseAddress!, into: buffer.base) }
    #expect(buffer.base[784] == -7)
    return Array(buffer.elements.dropLast())
  }

  /// The picture's value, 0 outside.
  private func pixel(_ x: Int, _ y: Int) -> Float {
    (0..<28).contains(x) && (0..<28).contains(y) ? Float(Self.picture[y * 28 + x]) / 255 : 0
  }

  private func made(_ value: (_ x: Int, _ y: Int) -> Float) -> [Float] {
    (0..<784).map { value($0 % 28, $0 / 28) }
  }

  private func worst(_ first: [Float], _ second: [Float]) -> Float {
    #expect(first.count == second.count)
    return zip(first, second).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test func nothingIsThePictureToTheBit() {
    #expect(apply { _ in } == made { pixel($0, $1) })
  }

  @Test func flippingMirrors() {
    #expect(apply { $0.flips = true } == made { pixel(27 - $0, $1) })
  }

  @Test(arguments: [(0, 1), (-4, 3), (4, -4), (27, -27), (28, 0), (-40, 40)])
  func cropsAreMovedPictures(x: Int, y: Int) {
    #expect(apply { $0.shift = SIMD2(x, y) } == made { pixel($0 + x, $1 + y) })
    let both = apply {
      $0.shift = SIMD2(x, y)
      $0.flips = true
    }
    #expect(both == made { (0..<28).contains($0 + x) ? pixel(27 - $0 - x, $1 + y) : 0 })
  }

  /// Quarter turns meet pixel centres: by 90 degrees, counter-clockwise, the top row is the right column.
  @Test func quarterTurns() {
    #expect(worst(apply { $0.degrees = 90 }, made { pixel(27 - $1, $0) }) < Self.tolerance)
    #expect(worst(apply { $0.degrees = -90 }, made { pixel($1, 27 - $0) }) < Self.tolerance)
    #expect(worst(apply { $0.degrees = 180 }, made { pixel(27 - $0, 27 - $1) }) < Self.tolerance)
  }

  /// The mirrored picture is turned, then moved.
  @Test func mirrorsThenTurnsThenMoves() {
    let found = apply {
      $0.flips = true
      $0.degrees = 90
      $0.shift = SIMD2(3, -2)
    }
    let expected = made { x, y in
      (0..<28).contains(x + 3) && (0..<28).contains(y - 2) ? pixel(y - 2, x + 3) : 0
    }
    #expect(worst(found, expected) < Self.tolerance)
  }

  @Test func brightnessMultipliesAndClamps() {
    for factor: Float in [0.8, 1.2, 2, 0] {
      let found = apply { $0.brightness = factor }
      #expect(found == made { min(factor * pixel($0, $1), 1) })
    }
  }

  @Test func contrastBlendsWithTheMean() {
    let mean = Float(Self.picture.map { Double($0) / 255 }.reduce(0, +) / 784)
    for factor: Float in [0.6, 1.4, 2] {
      let found = apply { $0.contrast = factor }
      let expected = made { min(max(factor * pixel($0, $1) + (1 - factor) * mean, 0), 1) }
      #expect(worst(found, expected) < Self.tolerance)
    }
    #expect(worst(apply { $0.contrast = 0 }, made { _, _ in mean }) < Self.tolerance)
  }

  @Test func erasingComesLast() {
    let erased = Augmentation.Draw.Rectangle(x: 3, y: 20, width: 25, height: 8)
    let found = apply {
      $0.contrast = 0.5
      $0.erased = erased
    }
    let whole = apply { $0.contrast = 0.5 }
    #expect(found == made { $0 >= 3 && $1 >= 20 ? 0 : whole[$1 * 28 + $0] })
  }

  private struct Goldens: Decodable {
    struct Case: Decodable {
      let flips: Bool
      let degrees: Float
      let x: Int
      let y: Int
      let brightness: Float
      let contrast: Float
      let values: [Float]
    }
    let stride: Int
    let cases: [Case]
  }

  /// Made by scripts/goldens/augmentation.py.
  @Test func equalsPyTorch() throws {
    let url = try #require(
      Bundle.module.url(forResource: "augmentation", withExtension: "json", subdirectory: "Fixtures"))
    let goldens = try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    #expect(goldens.cases.count == 11)
    for golden in goldens.cases {
      let found = apply {
        $0.flips = golden.flips
        $0.degrees = golden.degrees
        $0.shift = SIMD2(golden.x, golden.y)
        $0.brightness = golden.brightness
        $0.contrast = golden.contrast
      }
      let sampled = stride(from: 0, to: 784, by: goldens.stride).map { found[$0] }
      let worst = worst(sampled, golden.values)
      #expect(worst < Self.tolerance, "\(golden.degrees): \(worst)")
    }
  }

  /// What the draws choose is what is applied.
  @Test func appliesItsDraws() {
    let augmenter = Augmenter(.usual, shape: Self.shape, seed: 9)
    let (found, expected) = (FloatBuffer(count: 784), FloatBuffer(count: 784))
    Self.picture.withUnsafeBufferPointer { pixels in
      for sample in 0..<50 {
        augmenter(pixels.baseAddress!, sample: sample, epoch: 2, into: found.base)
        let draw = Augmentation.usual.draw(seed: 9, epoch: 2, sample: sample, shape: Self.shape)
        augmenter.apply(draw, to: pixels.baseAddress!, into: expected.base)
        #expect(found.elements.elementsEqual(expected.elements))
        #expect(found.elements.allSatisfy { $0 >= 0 && $0 <= 1 })
      }
    }
  }

  @Test func thePreviewIsThePictureInBytes() {
    let set = Workbench.drawn(5)
    for sample in 0..<5 {
      #expect(Preview(of: set, seed: 1)(sample) == Array(set.pixels(of: sample)))
    }
    let once = Preview(of: set, augmentation: Augmentation([.flip: 1]), seed: 1)(3)
    let pixels = Array(set.pixels(of: 3))
    let mirrored = (0..<28).flatMap { pixels[$0 * 28..<$0 * 28 + 28].reversed() }
    #expect(once == mirrored)
  }
}
