import Tensors

/// Where a square window meets an image: kernel, stride and padding in both directions, and the shapes on either side.
///
/// Output rows are floor((height + 2 padding - kernel) / stride) + 1, as in PyTorch; the same for columns.
public struct WindowGeometry: Hashable, Sendable {
  public let input: Shape
  public let output: Shape
  public let kernel: Int
  public let stride: Int
  public let padding: Int
  /// Floats from one output pixel to the next: the output's channels, or more where the output is a slice of a wider image.
  public private(set) var outputStride: Int

  /// - Parameter channels: channels of the output; those of the input for pooling.
  /// - Returns: nil where the window fits nowhere in the padded image.
  public init?(input: Shape, kernel: Int, stride: Int, padding: Int, channels: Int? = nil) {
    precondition(kernel > 0 && stride > 0 && padding >= 0, "a window has a positive kernel and stride")
    let rows = input.height + 2 * padding - kernel
    let columns = input.width + 2 * padding - kernel
    guard rows >= 0, columns >= 0 else { return nil }
    self.input = input
    self.output = Shape(
      height: rows / stride + 1, width: columns / stride + 1, channels: channels ?? input.channels)
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    outputStride = output.channels
  }

  /// The same window, with the output's pixels `stride` floats apart.
  public func spaced(_ stride: Int) -> WindowGeometry {
    var geometry = self
    geometry.outputStride = stride
    return geometry
  }

  /// Elements under one window: kernel x kernel x input channels, the inner dimension of the convolution's product.
  public var patch: Int { kernel * kernel * input.channels }
  /// Windows in one image.
  public var positions: Int { output.height * output.width }
}

/// Rows of channels: the pixels of a batch, `stride` floats apart.
@frozen
public struct ChannelRows: Hashable, Sendable {
  public let count: Int
  public let channels: Int
  public let stride: Int

  /// - Parameter stride: `channels` where nothing lies between the rows.
  @inlinable
  public init(_ count: Int, channels: Int, stride: Int? = nil) {
    self.count = count
    self.channels = channels
    self.stride = stride ?? channels
  }
}

/// The function that follows a product element by element, applied while its result is still at hand.
public enum Activation: Hashable, Sendable {
  case identity
  case relu
}

/// The cells of an adaptive pooling: an image cut into output.height x output.width cells, which may overlap by a pixel.
public struct AdaptiveCells: Hashable, Sendable {
  public let input: Shape
  public let output: Shape

  /// - Parameter size: cells in each direction.
  public init(input: Shape, size: Int) {
    precondition(size > 0 && input.height > 0 && input.width > 0, "an image is cut into at least one cell")
    self.input = input
    output = Shape(height: size, width: size, channels: input.channels)
  }

  /// The pixels, of `size`, in cell `index` of `count`.
  public static func range(_ index: Int, of count: Int, size: Int) -> Range<Int> {
    index * size / count..<((index + 1) * size + count - 1) / count
  }

  /// Calls `body` with every cell of one image: its number row by row, and its rows and columns of the input.
  @inline(__always)
  public func forEach(_ body: (_ cell: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void) {
    for cell in 0..<output.height * output.width {
      body(
        cell, Self.range(cell / output.width, of: output.height, size: input.height),
        Self.range(cell % output.width, of: output.width, size: input.width))
    }
  }
}
