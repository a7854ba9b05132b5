import Tensors

/// A convolution of images of one channel, the function behind it, and the pooling of 2x2 windows behind that, as one:
/// (N,H,W,1) to (N,P,Q,D).
///
/// The image between them is never written as pixels, and need not be one of few channels, which fills vectors badly: kernels may work
/// on *planes*, one channel of a band of an image each.
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
  /// Rows of pooled windows that are worked on together, a *band* of the image; the last band may have fewer.
  public let band: Int
  /// Floats of a band's plane: its rows, read 32 columns at a time.
  public let plane: Int

  /// Outputs at most; nothing was measured beyond.
  public static let mostOutputs = 64
  /// Floats of a band's planes, which should stay in the nearest caches: measured from 2^12 to 2^18.
  private static let bandFloats = 1 << 16

  /// - Returns: nil where this is not done as one: other windows than 3x3 and 5x5 of stride 1, several channels, many planes.
  public init?(_ window: WindowGeometry, _ function: Function, _ pooling: Pooling) {
    let (image, whole) = (window.input, window.output)
    output = Shape(height: whole.height / 2, width: whole.width / 2, channels: whole.channels)
    let line = (image.width + window.padding + 1) / 2 * 2
    let blocks = (output.width + 15) / 16
    band = max(1, min(output.height, Self.bandFloats / (2 * line * max(1, whole.channels))))
    plane = ((2 * band - 1) * line + 32 * blocks + 31) / 32 * 32
    self.line = line
    (self.window, self.function, self.pooling) = (window, function, pooling)
    let isPlane =
      image.channels == 1 && window.stride == 1 && [3, 5].contains(window.kernel)
      && window.padding < window.kernel && window.outputStride == whole.channels
    guard isPlane, whole.channels <= Self.mostOutputs, output.count > 0 else { return nil }
  }

  /// Bands of an image.
  public var bands: Int { (output.height + band - 1) / band }

  /// Floats that forward leaves for backward: of a mean, what the function computed; of a maximum, a byte that says which place
  /// of its window won.
  public func saved(batch: Int) -> Int {
    switch pooling {
    case .average: function == .identity ? 0 : batch * bands * output.channels * plane
    case .maximum: batch * output.channels * output.height * ((output.width + 15) / 16) * 4
    }
  }
}
