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
  }

  /// Elements under one window: kernel x kernel x input channels, the inner dimension of the convolution's product.
  public var patch: Int { kernel * kernel * input.channels }
  /// Windows in one image.
  public var positions: Int { output.height * output.width }
}

/// The function that follows a product element by element, applied while its result is still at hand.
public enum Activation: Hashable, Sendable {
  case identity
  case relu
}
