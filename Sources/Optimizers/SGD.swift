import Kernels
import Tensors

/// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
///
/// g += weightDecay w; v = momentum v + g; w -= rate v (Sutskever et al., 2013, in PyTorch's form).
/// With Nesterov's momentum w -= rate (g + momentum v).
public final class SGD: Optimizer {
  private let spans: [ParameterSpan]
  private let momentum: Float
  private let nesterov: Bool
  private let weightDecay: Float
  private let velocity: FloatBuffer?
  private let kernels: any KernelSet.Type

  /// - Parameter nesterov: needs a momentum.
  public init(
    _ spans: [ParameterSpan], momentum: Float, nesterov: Bool = false, weightDecay: Float,
    kernels: any KernelSet.Type
  ) {
    precondition(!nesterov || momentum > 0, "Nesterov's momentum is a momentum")
    self.spans = spans.joined(weightDecay: weightDecay)
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.kernels = kernels
    velocity = momentum == 0 ? nil : FloatBuffer(count: spans.bufferCount)
  }

  public var moments: [(name: String, buffer: FloatBuffer)] {
    velocity.map { [("momentum_buffer", $0)] } ?? []
  }

  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    part: Part
  ) {
    spans.forEach(in: part.range(of: spans.bufferCount)) { range, decays in
      let hyper = SGDStep(
        rate: rate, momentum: momentum, nesterov: nesterov, weightDecay: decays ? weightDecay : 0,
        gradientScale: gradientScale, step: step)
      gradients.forEachPiece(of: range) { offset, piece in
        guard let gradients = piece.baseAddress else { return }
        kernels.sgd(
          parameters: parameters.base + offset, gradients: gradients,
          velocity: velocity.map { $0.base + offset }, count: piece.count, hyper: hyper)
      }
    }
  }
}
