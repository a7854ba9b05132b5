/// A view of a batch in memory that somebody else owns: `batch` samples of `shape`, row-major, channels innermost (NHWC).
///
/// It is the only carrier of pointers between a network and its operators; whoever made it keeps the memory alive.
@frozen
public struct TensorView: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let batch: Int
  public let shape: Shape

  @inlinable
  public init(_ base: UnsafeMutablePointer<Float>, batch: Int, shape: Shape) {
    self.base = base
    self.batch = batch
    self.shape = shape
  }

  /// Elements of the whole batch.
  @inlinable
  public var count: Int { batch * shape.count }

  /// The elements as a buffer, sample by sample.
  @inlinable
  public var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}
