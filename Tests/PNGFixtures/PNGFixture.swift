/// PNG files of every kind, put together byte by byte, for tests of what reads them. Nothing is compressed: the deflate stream
/// consists of stored blocks.
public struct PNGFixture {
  public enum Color: UInt8, Sendable {
    case grey = 0
    case rgb = 2
    case greyAlpha = 4
    case rgba = 6

    var channels: Int {
      switch self {
      case .grey: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }
  }

  public var width: Int
  public var height: Int
  public var color: Color
  /// 8 or 16.
  public var depth = 8
  /// Channel by channel, pixel by pixel, row by row; 16 bits are two bytes, the high one first.
  public var samples: [UInt8]

  public init(_ width: Int, _ height: Int, _ color: Color, depth: Int = 8, _ samples: [UInt8]) {
    self.width = width
    self.height = height
    self.color = color
    self.depth = depth
    self.samples = samples
  }

  /// The same pixel everywhere.
  public init(_ width: Int, _ height: Int, _ color: Color, pixel: [UInt8]) {
    self.init(width, height, color, (0..<width * height).flatMap { _ in pixel })
  }

  /// The whole file.
  public var bytes: [UInt8] {
    let row = width * color.channels * depth / 8
    // Each row begins with its filter: none.
    let raw = (0..<height).flatMap { [0] + samples[$0 * row..<($0 + 1) * row] }
    return Self.file(
      header: Self.header(width, height, color, depth),
      data: [0x78, 0x01] + Self.stored(raw) + Self.adler(raw))
  }

  /// A file that says it has so many pixels, and has none.
  public static func declaring(width: Int, height: Int) -> [UInt8] {
    file(header: header(width, height, .rgba, 8), data: [])
  }

  private static func file(header: [UInt8], data: [UInt8]) -> [UInt8] {
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", data)
      + chunk("IEND", [])
  }

  private static func header(_ width: Int, _ height: Int, _ color: Color, _ depth: Int) -> [UInt8] {
    big(UInt32(width)) + big(UInt32(height)) + [UInt8(depth), color.rawValue, 0, 0, 0]
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return big(UInt32(data.count)) + body + big(crc(body))
  }

  private static func stored(_ raw: [UInt8]) -> [UInt8] {
    var blocks: [UInt8] = []
    for start in stride(from: 0, to: raw.count, by: 65535) {
      let part = raw[start..<min(start + 65535, raw.count)]
      let count = UInt16(part.count)
      blocks.append(start + part.count == raw.count ? 1 : 0)
      for word in [count, ~count] { blocks += [UInt8(word & 0xFF), UInt8(word >> 8)] }
      blocks += part
    }
    return blocks
  }

  private static func adler(_ bytes: [UInt8]) -> [UInt8] {
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return big(b << 16 | a)
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
    }
    return ~sum
  }

  private static func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }
}
