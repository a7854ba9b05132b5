/// A grey picture of 8 bits a pixel.
public struct GreyPicture: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// Row by row, 0 for black and 255 for white.
  public let pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height, "a picture has all of its pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Mean of the pixels along the four edges.
  public var edgeMean: Double {
    var sum = 0
    var count = 0
    for y in 0..<height {
      let isWhole = y == 0 || y == height - 1
      for x in isWhole ? Array(0..<width) : width == 1 ? [0] : [0, width - 1] {
        sum += Int(pixels[y * width + x])
        count += 1
      }
    }
    return Double(sum) / Double(count)
  }
}
