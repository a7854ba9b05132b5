import Kernels
import Tensors

/// Turns gradients into new parameters, over flat buffers, and owns the moments that it needs.
///
/// An optimizer is made from the spans of the parameter tensors; weight decay applies to those that say so.
public protocol Optimizer: AnyObject {
  /// The moments, each as long as the parameters and at the same offsets, with the names that PyTorch gives them.
  var moments: [(name: String, buffer: FloatBuffer)] { get }

  /// Updates a part of `parameters` in place; allocates nothing. What lies behind the last span stays as it is.
  ///
  /// Parts may be updated at the same time by different threads; together they are everything.
  ///
  /// - Parameters:
  ///   - gradients: of the parameters, at the same offsets.
  ///   - step: the update's number, from 1.
  ///   - rate: the learning rate.
  ///   - gradientScale: multiplies every gradient first; the gradients themselves stay as they are.
  ///   - part: which part.
  func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    part: Part)
}

/// One of some equal parts of a flat buffer.
public struct Part: Sendable {
  public let index: Int
  public let count: Int

  /// Everything.
  public static let whole = Part(0, of: 1)

  public init(_ index: Int, of count: Int) {
    precondition(count > 0 && (0..<count).contains(index), "parts are numbered from 0")
    self.index = index
    self.count = count
  }

  /// The elements of this part: whole cache lines.
  public func range(of elements: Int) -> Range<Int> {
    let lines = (elements + FloatBuffer.alignment - 1) / FloatBuffer.alignment
    let bound = { (part: Int) in min(elements, lines * part / self.count * FloatBuffer.alignment) }
    return bound(index)..<bound(index + 1)
  }
}

extension Optimizer {
  /// Updates everything.
  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float
  ) {
    update(
      parameters: parameters, gradients: gradients, step: step, rate: rate, gradientScale: gradientScale,
      part: .whole)
  }
}
