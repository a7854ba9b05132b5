import Kernels
import Tensors

/// Turns gradients into new parameters, over flat buffers, and owns the moments that it needs.
///
/// An optimizer is made from the spans of the parameter tensors; weight decay applies to those that say so.
public protocol Optimizer: AnyObject {
  /// The moments, each as long as the parameters and at the same offsets, with the names that PyTorch gives them.
  var moments: [(name: String, buffer: FloatBuffer)] { get }

  /// Updates `parameters` in place; allocates nothing. What lies behind the last span stays as it is.
  ///
  /// - Parameters:
  ///   - step: the update's number, from 1.
  ///   - rate: the learning rate.
  ///   - gradientScale: multiplies every gradient first; the gradients themselves stay as they are.
  func update(
    parameters: FloatBuffer, gradients: FloatBuffer, step: Int, rate: Float, gradientScale: Float)
}
