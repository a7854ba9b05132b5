import Tensors

/// A convolution of images of one channel, the function behind it, and the pooling of 2x2 windows behind that, as one:
/// (N,H,W,1) to (N,P,Q,D).
///
/// Nothing between them need be kept as an image of few channels, which fills vectors badly: kernels may work on *planes*, one
/// channel of one image each.
public struct PooledConvolution: Hashable, Sendable {
  public enum Function: Hashable, Sendable {
    case identity
    case relu
    case sigmoid
    case tanh
  }

  public enum Pooling: Hashable, Sendable {
    case average
    case maximum
  }

  /// The convolution.
  public let window: WindowGeometry
  public let function: Function
  public let pooling: Pooling
  /// The pooled image; a last row or column of the convolution without a partner is dropped.
  public let output: Shape

  /// Floats from one row of a plane to the next: rows share the zeros between them, and pairs of columns stay pairs.
  public let line: Int
  /// Floats of a plane: rows of pooled windows, read 32 columns at a time.
  public let plane: Int

  /// Outputs at most: with more, vectors of channels are full.
  public static let mostOutputs = 16
  /// Floats of an image's planes at most: they should stay in the second-level cache.
  private static let mostFloats = 1 << 18

  /// - Returns: nil where this is not done as one: other windows than 3x3 and 5x5 of stride 1, several channels, many or large
  ///   planes.
  public init?(_ window: WindowGeometry, _ function: Function, _ pooling: Pooling) {
    let (image, whole) = (window.input, window.output)
    output = Shape(height: whole.height / 2, width: whole.width / 2, channels: whole.channels)
    let line = (image.width + window.padding + 1) / 2 * 2
    let blocks = (output.width + 15) / 16
    plane = ((2 * output.height - 1) * line + 32 * blocks + 31) / 32 * 32
    self.line = line
    (self.window, self.function, self.pooling) = (window, function, pooling)
    let isPlane =
      image.channels == 1 && window.stride == 1 && [3, 5].contains(window.kernel)
      && window.padding < window.kernel && window.outputStride == whole.channels
    let isSmall = whole.channels <= Self.mostOutputs && whole.channels * plane <= Self.mostFloats
    guard isPlane, isSmall, output.count > 0 else { return nil }
  }

  /// Floats that forward leaves for backward: of a mean, what the function computed; of a maximum, a byte that says which place
  /// of its window won.
  public func saved(batch: Int) -> Int {
    switch pooling {
    case .average: function == .identity ? 0 : batch * output.channels * plane
    case .maximum: batch * output.channels * output.height * ((output.width + 15) / 16) * 4
    }
  }
}
