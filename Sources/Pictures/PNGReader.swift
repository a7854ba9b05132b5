import CPNG
import Failures

/// Decodes PNG files (ISO/IEC 15948) of every kind into grey, by libpng's simplified interface: the other one reports errors
/// by `longjmp`, which Swift cannot stand.
///
/// Colour becomes ITU-R BT.601's luma, Y = 0.299 R + 0.587 G + 0.114 B of the sRGB values, as in Pillow's mode `L`. What is
/// transparent lets the background through: v = a v + (1 - a) b.
public enum PNGReader {
  /// A picture's memory while it is read is four bytes a pixel: 64 MiB at most.
  public static let maximumPixels = 1 << 24
  /// A file of more bytes is not opened.
  public static let maximumBytes = 1 << 26

  /// - Parameters:
  ///   - file: the whole file.
  ///   - path: where it is from, for messages.
  ///   - background: what shows where the picture is transparent, 0 for black.
  /// - Throws: `badData` for what is no PNG file, is damaged, or is too large; before any memory is taken for pixels where
  ///   that is known then.
  public static func grey(
    _ file: [UInt8], at path: String, background: UInt8 = 0
  ) throws(Failure) -> GreyPicture {
    guard file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
      throw Failure(.badData, "not a PNG file", at: path, advice: "convert it to PNG")
    }
    var outcome: Result<GreyPicture, Failure>?
    file.withUnsafeBytes { bytes in
      do throws(Failure) { outcome = .success(try decode(bytes, path, background)) } catch {
        outcome = .failure(error)
      }
    }
    return try outcome!.get()
  }

  private static func decode(
    _ file: UnsafeRawBufferPointer, _ path: String, _ background: UInt8
  ) throws(Failure) -> GreyPicture {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
      throw damaged(image, path)
    }
    let (width, height) = (Int(image.width), Int(image.height))
    guard width <= maximumPixels, height <= maximumPixels, width * height <= maximumPixels else {
      throw Failure(
        .badData, "\(width)x\(height) pixels are too many", at: path,
        advice: "scale it to at most \(maximumPixels) pixels, for example 4096x4096")
    }
    // Sixteen bits without a gamma are sRGB like all others, not linear.
    image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
    // Red, green, blue, alpha.
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR) | png_uint_32(PNG_FORMAT_FLAG_ALPHA)
    var pixels = [UInt8](repeating: 0, count: 4 * width * height)
    guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else { throw damaged(image, path) }
    // A warning is about what libpng left out or guessed: such a picture is not the one that was saved.
    guard image.warning_or_error == 0 else { throw damaged(image, path) }
    let grey = pixels.withUnsafeBufferPointer { pixels in
      (0..<width * height).map { luma(pixels.baseAddress! + 4 * $0, background) }
    }
    return GreyPicture(width: width, height: height, pixels: grey)
  }

  /// - Parameter pixel: red, green, blue and alpha.
  private static func luma(_ pixel: UnsafePointer<UInt8>, _ background: UInt8) -> UInt8 {
    // In 65536ths; the three add up to 1.
    let opaque = (19595 * Int(pixel[0]) + 38470 * Int(pixel[1]) + 7471 * Int(pixel[2]) + 32768) >> 16
    let alpha = Int(pixel[3])
    return UInt8((alpha * opaque + (255 - alpha) * Int(background) + 127) / 255)
  }

  private static func damaged(_ image: png_image, _ path: String) -> Failure {
    let message = withUnsafeBytes(of: image.message) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    return Failure(.badData, "damaged PNG file: \(message)", at: path)
  }
}
