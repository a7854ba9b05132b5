import Kernels
import Tensors

/// Turns gradients into new parameters, over flat buffers, and owns the moments that it needs.
///
/// An optimizer is made from the spans of the parameter tensors; weight decay applies to those that say so.
public protocol Optimizer: AnyObject {
  /// The moments of what is ``owned``, with the names that PyTorch gives them.
  var moments: [(name: String, buffer: FloatBuffer)] { get }
  /// What is updated, and where its moments lie.
  var owned: OwnedRanges { get }
  /// Whether ``prepare(parameters:gradients:gradientScale:part:)`` does anything.
  var needsPreparation: Bool { get }

  /// Works out what an update needs to know of whole tensors, also of what others update; comes before `update`.
  ///
  /// - Parameter part: which part of it; parts may be worked out at the same time.
  func prepare(
    parameters: FloatBuffer, gradients: any GradientSource, gradientScale: Float, part: Part)

  /// Updates some elements of `parameters` in place, as far as they are ``owned``; allocates nothing. What lies behind the last span
  /// stays as it is.
  ///
  /// Ranges that are apart may be updated at the same time by different threads.
  ///
  /// - Parameters:
  ///   - gradients: of the parameters, at the same offsets.
  ///   - step: the update's number, from 1.
  ///   - rate: the learning rate.
  ///   - gradientScale: multiplies every gradient first; the gradients themselves stay as they are.
  ///   - elements: whole cache lines.
  func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    elements: Range<Int>)
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

  /// This part of some elements.
  func range(of elements: Range<Int>) -> Range<Int> {
    let part = range(of: elements.count)
    return elements.lowerBound + part.lowerBound..<elements.lowerBound + part.upperBound
  }
}

extension Optimizer {
  public var needsPreparation: Bool { false }

  public func prepare(
    parameters: FloatBuffer, gradients: any GradientSource, gradientScale: Float, part: Part
  ) {}

  /// Updates everything that is owned.
  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float
  ) {
    prepare(parameters: parameters, gradients: gradients, gradientScale: gradientScale, part: .whole)
    update(
      parameters: parameters, gradients: gradients, step: step, rate: rate, gradientScale: gradientScale,
      elements: 0..<parameters.count)
  }
}
