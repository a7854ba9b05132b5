import Pictures
import Testing
import Training

@Suite struct FramingTests {
  private func frame(_ width: Int, _ height: Int, _ pixels: [UInt8], to size: Int) -> [UInt8] {
    Framing(size: size)(GreyPicture(width: width, height: height, pixels: pixels))
  }

  @Test func aPictureOfTheSizeStays() {
    let pixels = (0..<16).map { UInt8($0 * 16) }
    #expect(frame(4, 4, pixels, to: 4) == pixels)
  }

  @Test func aLargerOneIsAveraged() {
    // Fourths of 2x2 pixels.
    let pixels: [UInt8] = [0, 4, 100, 100, 8, 12, 100, 100, 0, 0, 1, 1, 0, 0, 1, 2]
    #expect(frame(4, 4, pixels, to: 2) == [6, 100, 0, 1])
    // Three columns to two: each covers one and a half.
    #expect(frame(3, 3, [0, 90, 60, 0, 90, 60, 0, 90, 60], to: 2) == [30, 70, 30, 70])
  }

  @Test func theShapeIsKeptAndTheRestIsBlack() {
    #expect(frame(4, 2, [200, 200, 200, 200, 200, 200, 200, 200], to: 2) == [200, 200, 0, 0])
    #expect(frame(1, 3, [9, 9, 9], to: 3) == [0, 9, 0, 0, 9, 0, 0, 9, 0])
    #expect(
      frame(10_000, 1, Array(repeating: 50, count: 10_000), to: 4) == [0, 0, 0, 0, 50, 50, 50, 50]
        + Array(repeating: 0, count: 8))
  }

  @Test func aSmallerOneIsEnlarged() {
    // Half-pixel centres: 1/4 and 3/4 between the two.
    #expect(frame(2, 1, [0, 100], to: 4) == [0, 0, 0, 0, 0, 25, 75, 100, 0, 25, 75, 100, 0, 0, 0, 0])
    #expect(frame(1, 1, [77], to: 3) == Array(repeating: 77, count: 9))
  }
}
