import Datasets
import Foundation
import Tensors
import Testing

@Suite struct BilinearResizeTests {
  /// Both compute in single precision, but PyTorch's kernels fuse products with sums: half a last place of a position
  /// below 28, so of a share, is 1e-6.
  private static let tolerance: Float = 1e-6

  struct Goldens: Decodable {
    struct Case: Decodable {
      let height: Int
      let width: Int
      let stride: Int
      let values: [Float]
    }
    let cases: [Case]
  }

  /// Made by scripts/goldens/bilinear.py.
  private static func goldens() throws -> [Goldens.Case] {
    let url = try #require(
      Bundle.module.url(forResource: "bilinear", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url)).cases
  }

  private static let grey = FashionMNIST.shape
  private static let picture = (0..<784).map { (index: Int) -> UInt8 in
    let slopes = index * index * 31 + 7 * index + 5 * (index / 28)
    return UInt8(slopes % 256)
  }

  private func resize(_ pixels: [UInt8], _ source: Shape, to target: Shape) -> [Float] {
    let resize = BilinearResize(from: source, to: target)
    // A guard behind the image shows whether anything was written past it.
    let buffer = FloatBuffer(count: target.count + 1)
    buffer.base[target.count] = -7
    pixels.withUnsafeBufferPointer { resize($0.baseAddress!, into: buffer.base) }
    #expect(buffer.base[target.count] == -7)
    return Array(buffer.elements.dropLast())
  }

  @Test func equalsPyTorch() throws {
    let cases = try Self.goldens()
    #expect(cases.count == 13)
    for golden in cases {
      let shape = Shape(height: golden.height, width: golden.width, channels: 1)
      let found = resize(Self.picture, Self.grey, to: shape)
      let sampled = stride(from: 0, to: found.count, by: golden.stride).map { found[$0] }
      #expect(sampled.count == golden.values.count)
      let worst = zip(sampled, golden.values).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= Self.tolerance, "\(shape): \(worst)")
    }
  }

  @Test func theSameSizeIsDividedBy255() {
    #expect(resize(Self.picture, Self.grey, to: Self.grey) == Self.picture.map { Float($0) / 255 })
    let odd = Shape(height: 3, width: 5, channels: 1)
    #expect(
      resize(Array(Self.picture.prefix(15)), odd, to: odd) == Self.picture.prefix(15).map { Float($0) / 255 })
  }

  @Test(arguments: [28, 17, 32, 96])
  func channelsRepeatTheGrey(side: Int) {
    let one = resize(Self.picture, Self.grey, to: Shape(height: side, width: side, channels: 1))
    let three = resize(Self.picture, Self.grey, to: Shape(height: side, width: side, channels: 3))
    #expect(three == one.flatMap { [$0, $0, $0] })
  }

  /// Two pixels to four, by hand: centres at -1/4, 1/4, 3/4 and 5/4 of the source, of which the outer are clamped.
  @Test func byHand() {
    let found = resize(
      [0, 255], Shape(height: 1, width: 2, channels: 1), to: Shape(height: 1, width: 4, channels: 1))
    #expect(found == [0, 0.25, 0.75, 1])
    let column = resize(
      [0, 255], Shape(height: 2, width: 1, channels: 1), to: Shape(height: 4, width: 1, channels: 1))
    #expect(column == found)
  }

  @Test func aResizeCanBeUsedAgain() {
    let target = Shape(height: 40, width: 40, channels: 1)
    let resize = BilinearResize(from: Self.grey, to: target)
    let first = FloatBuffer(count: target.count)
    let other = FloatBuffer(count: target.count)
    Self.picture.withUnsafeBufferPointer { resize($0.baseAddress!, into: first.base) }
    Self.picture.reversed().withUnsafeBufferPointer { resize($0.baseAddress!, into: other.base) }
    Self.picture.withUnsafeBufferPointer { resize($0.baseAddress!, into: other.base) }
    #expect(first.elements.elementsEqual(other.elements))
  }
}
