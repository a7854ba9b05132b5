/// A view of a batch in memory that somebody else owns: `batch` samples of `shape`, row-major, channels innermost (NHWC).
///
/// It is the only carrier of pointers between a network and its operators; whoever made it keeps the memory alive.
@frozen
public struct TensorView: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let batch: Int
  public let shape: Shape
  /// Floats from one pixel to the next: more than the channels where the view is a slice of a wider image.
  public let stride: Int

  @inlinable
  public init(_ base: UnsafeMutablePointer<Float>, batch: Int, shape: Shape, stride: Int? = nil) {
    self.base = base
    self.batch = batch
    self.shape = shape
    self.stride = stride ?? shape.channels
  }

  /// Elements of the whole batch.
  @inlinable
  public var count: Int { batch * shape.count }

  /// Pixels of the whole batch.
  @inlinable
  public var pixels: Int { batch * shape.height * shape.width }

  /// The elements as a buffer, sample by sample, of a view that is no slice.
  @inlinable
  public var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}
