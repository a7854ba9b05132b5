import Kernels
import Tensors

/// Adam (Kingma and Ba, 2015, arXiv:1412.6980), as `torch.optim.Adam`.
///
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
public final class Adam: Optimizer {
  private let beta1 = 0.9
  private let beta2 = 0.999
  private let epsilon: Float = 1e-8
  private let weightDecay: Float
  private let first: FloatBuffer
  private let second: FloatBuffer
  private let kernels: any KernelSet.Type

  /// - Parameters:
  ///   - count: length of the flat buffers.
  ///   - weightDecay: added to the gradient times the parameter (L2), not decoupled.
  public init(count: Int, weightDecay: Float, kernels: any KernelSet.Type) {
    self.weightDecay = weightDecay
    self.kernels = kernels
    first = FloatBuffer(count: count)
    second = FloatBuffer(count: count)
  }

  public var moments: [(name: String, buffer: FloatBuffer)] { [("exp_avg", first), ("exp_avg_sq", second)] }

  public func update(parameters: FloatBuffer, gradients: FloatBuffer, step: Int, rate: Float) {
    let hyper = AdamStep(
      rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, step: step)
    kernels.adam(
      parameters: parameters.base, gradients: gradients.base, first: first.base, second: second.base,
      count: parameters.count, hyper: hyper)
  }
}
