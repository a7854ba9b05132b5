import Kernels
import Tensors

/// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
///
/// g += weightDecay w; v = momentum v + g; w -= rate v (Sutskever et al., 2013, in PyTorch's form).
public final class SGD: Optimizer {
  private let momentum: Float
  private let weightDecay: Float
  private let velocity: FloatBuffer?
  private let kernels: any KernelSet.Type

  /// - Parameter count: length of the flat buffers.
  public init(count: Int, momentum: Float, weightDecay: Float, kernels: any KernelSet.Type) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.kernels = kernels
    velocity = momentum == 0 ? nil : FloatBuffer(count: count)
  }

  public var moments: [(name: String, buffer: FloatBuffer)] {
    velocity.map { [("momentum_buffer", $0)] } ?? []
  }

  public func update(parameters: FloatBuffer, gradients: FloatBuffer, step: Int, rate: Float) {
    kernels.sgd(
      parameters: parameters.base, gradients: gradients.base, velocity: velocity?.base,
      count: parameters.count,
      rate: rate, momentum: momentum, weightDecay: weightDecay, isFirstStep: step == 1)
  }
}
