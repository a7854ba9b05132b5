/// The shape of one sample: an image of height x width x channels, or a flat vector.
///
/// A flat shape remembers the image it came from. Memory order is the same (rows, columns, channels), so flattening is
/// free, and a linear layer behind it still knows how PyTorch, which flattens (channels, rows, columns), orders its weights.
public struct Shape: Codable, Hashable, Sendable {
  public var height: Int
  public var width: Int
  public var channels: Int
  public var isFlat: Bool

  public init(height: Int, width: Int, channels: Int, isFlat: Bool = false) {
    self.height = height
    self.width = width
    self.channels = channels
    self.isFlat = isFlat
  }

  /// A vector of `count` elements.
  public static func vector(_ count: Int) -> Shape {
    Shape(height: 1, width: 1, channels: count, isFlat: true)
  }

  /// Elements of one sample.
  public var count: Int { height * width * channels }

  /// The same elements as a vector.
  public var flattened: Shape { Shape(height: height, width: width, channels: channels, isFlat: true) }
}

extension Shape: CustomStringConvertible {
  /// Channels x height x width, as PyTorch names them, or the length of a vector.
  public var description: String { isFlat ? "\(count)" : "\(channels)x\(height)x\(width)" }
}
