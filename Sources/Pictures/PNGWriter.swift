import CPNG
import Failures

/// Encodes pictures as PNG (ISO/IEC 15948), by libpng's simplified interface: the other one reports errors by `longjmp`,
/// which Swift cannot stand.
public enum PNGWriter {
  /// A grey picture of 8 bits a pixel as the bytes of a PNG file.
  ///
  /// - Parameter pixels: row by row, 0 for black and 255 for white.
  /// - Throws: `internalError` where libpng refuses, with its own words.
  public static func grey(width: Int, height: Int, pixels: [UInt8]) throws(Failure) -> [UInt8] {
    precondition(width > 0 && height > 0 && pixels.count == width * height, "a picture has all of its pixels")
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_GRAY)
    defer { png_image_free(&image) }
    // The first call only asks how many bytes there will be.
    var count = 0
    try check(png_image_write_to_memory(&image, nil, &count, 0, pixels, 0, nil), image)
    var bytes = [UInt8](repeating: 0, count: count)
    try check(png_image_write_to_memory(&image, &bytes, &count, 0, pixels, 0, nil), image)
    return Array(bytes.prefix(count))
  }

  private static func check(_ status: Int32, _ image: png_image) throws(Failure) {
    guard status == 0 else { return }
    let message = withUnsafeBytes(of: image.message) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw Failure(.internalError, "libpng cannot write a picture: \(message)")
  }
}
