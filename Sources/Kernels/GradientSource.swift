import Tensors

/// Gradients as an optimizer reads them: some lie in a flat buffer, others are worked out piece by piece when they are needed.
public protocol GradientSource {
  /// Calls `body` with pieces that together are a range of the flat buffers; a piece is valid during the call.
  func forEachPiece(of range: Range<Int>, _ body: (_ offset: Int, UnsafeBufferPointer<Float>) -> Void)

  /// The sum of the squares of a parameter's gradients, in double precision.
  func sumOfSquares(of range: Range<Int>, _ kernels: any KernelSet.Type) -> Double
}

extension FloatBuffer: GradientSource {
  public func forEachPiece(
    of range: Range<Int>, _ body: (_ offset: Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    body(range.lowerBound, UnsafeBufferPointer(rebasing: elements[range]))
  }

  public func sumOfSquares(of range: Range<Int>, _ kernels: any KernelSet.Type) -> Double {
    kernels.sumOfSquares(base + range.lowerBound, count: range.count)
  }
}
