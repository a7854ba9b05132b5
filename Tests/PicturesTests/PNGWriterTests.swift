import CPNG
import Pictures
import Testing

@Suite struct PNGWriterTests {
  /// Read back by libpng.
  private func pixels(of png: [UInt8]) -> (width: Int, height: Int, pixels: [UInt8]) {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    #expect(png_image_begin_read_from_memory(&image, png, png.count) != 0)
    #expect(image.format == png_uint_32(PNG_FORMAT_GRAY))
    let (width, height) = (Int(image.width), Int(image.height))
    var pixels = [UInt8](repeating: 0, count: width * height)
    #expect(png_image_finish_read(&image, nil, &pixels, 0, nil) != 0)
    return (width, height, pixels)
  }

  @Test(arguments: [(1, 1), (3, 2), (299, 299)])
  func readsBack(width: Int, height: Int) throws {
    let drawn = (0..<width * height).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let png = try PNGWriter.grey(width: width, height: height, pixels: drawn)
    #expect(png.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    let read = pixels(of: png)
    #expect(read.width == width && read.height == height && read.pixels == drawn)
  }
}
