import Failures
import PNGFixtures
import Pictures
import Testing

@Suite struct PNGReaderTests {
  private func read(_ fixture: PNGFixture, background: UInt8 = 0) throws -> GreyPicture {
    try PNGReader.grey(fixture.bytes, at: "test.png", background: background)
  }

  @Test func greyStaysAsItIs() throws {
    let pixels = (0..<35).map { UInt8($0 * 7) }
    #expect(try read(PNGFixture(5, 7, .grey, pixels)) == GreyPicture(width: 5, height: 7, pixels: pixels))
  }

  /// BT.601's luma of the primaries, white and a mixture, rounded.
  @Test(
    arguments: [
      ([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([255, 255, 255], 255),
      ([200, 100, 50], 124),
    ] as [([UInt8], UInt8)])
  func colourBecomesLuma(pixel: [UInt8], grey: UInt8) throws {
    #expect(try read(PNGFixture(2, 1, .rgb, pixel: pixel)).pixels == [grey, grey])
  }

  /// 200 at alpha 51, a fifth, is 40 over black and 244 over white.
  @Test func backgroundShowsThroughAlpha() throws {
    for (color, pixel) in [(PNGFixture.Color.greyAlpha, [200, 51]), (.rgba, [200, 200, 200, 51])]
      as [(PNGFixture.Color, [UInt8])]
    {
      let fixture = PNGFixture(1, 1, color, pixel: pixel)
      #expect(try read(fixture).pixels == [40])
      #expect(try read(fixture, background: 255).pixels == [244])
    }
  }

  /// 0x8000 of 0xFFFF is as bright as 128 of 255; linear light would be 188.
  @Test func sixteenBitsAreNotLinear() throws {
    let picture = try read(PNGFixture(3, 1, .grey, depth: 16, [0, 0, 0x80, 0, 0xFF, 0xFF]))
    #expect(picture.pixels == [0, 128, 255])
  }

  @Test(arguments: ["", "GIF89a", "\u{7F}PNG", "not a picture at all, but long enough to hold a header"])
  func somethingElseIsRefused(text: String) {
    let failure = #expect(throws: Failure.self) { try PNGReader.grey(Array(text.utf8), at: "x.png") }
    #expect(failure?.code == .badData && failure?.description.contains("x.png") == true)
  }

  /// Wherever it ends, and whichever byte of it is another, nothing worse happens than a refusal.
  @Test func damageIsRefusedOrHarmless() throws {
    let whole = PNGFixture(6, 5, .rgba, (0..<120).map { UInt8($0) }).bytes
    // The last chunk may be missing: every pixel is there.
    for count in 0..<whole.count - 12 {
      #expect(throws: Failure.self, "cut after \(count)") {
        try PNGReader.grey(Array(whole.prefix(count)), at: "x.png")
      }
    }
    for index in 8..<whole.count - 12 {
      var changed = whole
      changed[index] ^= 0x10
      let failure = #expect(throws: Failure.self, "byte \(index)") {
        try PNGReader.grey(changed, at: "x.png")
      }
      #expect(failure?.code == .badData)
    }
  }

  @Test(arguments: [(60_000, 60_000), (1 << 24, 2), (4097, 4096), (2_000_000_000, 1)])
  func hugeDimensionsAreRefused(width: Int, height: Int) {
    let failure = #expect(throws: Failure.self) {
      try PNGReader.grey(PNGFixture.declaring(width: width, height: height), at: "x.png")
    }
    #expect(failure?.code == .badData)
  }

  @Test func theEdgeIsWhatLiesAround() {
    var pixels = [UInt8](repeating: 100, count: 20)
    pixels[6] = 0
    #expect(GreyPicture(width: 5, height: 4, pixels: pixels).edgeMean == 100)
    #expect(GreyPicture(width: 1, height: 3, pixels: [1, 2, 6]).edgeMean == 3)
  }
}
