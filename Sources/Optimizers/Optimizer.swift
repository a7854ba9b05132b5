import Kernels
import Tensors

/// Turns gradients into new parameters, over flat buffers, and owns the moments that it needs.
public protocol Optimizer: AnyObject {
  /// The moments, each as long as the parameters and at the same offsets, with the names that PyTorch gives them.
  var moments: [(name: String, buffer: FloatBuffer)] { get }

  /// Updates `parameters` in place.
  ///
  /// - Parameters:
  ///   - step: the update's number, from 1.
  ///   - rate: the learning rate.
  func update(parameters: FloatBuffer, gradients: FloatBuffer, step: Int, rate: Float)
}
