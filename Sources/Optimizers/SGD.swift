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
  public let owned: OwnedRanges
  private let velocity: FloatBuffer?
  private let kernels: any KernelSet.Type

  /// - Parameters:
  ///   - nesterov: needs a momentum.
  ///   - owned: what is updated; nil for everything.
  public init(
    _ spans: [ParameterSpan], momentum: Float, nesterov: Bool = false, weightDecay: Float,
    owned: OwnedRanges? = nil, kernels: any KernelSet.Type
  ) {
    precondition(!nesterov || momentum > 0, "Nesterov's momentum is a momentum")
    self.spans = spans.joined(weightDecay: weightDecay)
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.kernels = kernels
    let owned = owned ?? spans.everything
    self.owned = owned
    velocity = momentum == 0 ? nil : FloatBuffer(count: owned.count)
  }

  public var moments: [(name: String, buffer: FloatBuffer)] {
    velocity.map { [("momentum_buffer", $0)] } ?? []
  }

  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    elements: Range<Int>
  ) {
    owned.forEachRun(of: gradients, spans, in: elements) { run, offset, moment, decays in
      guard let gradients = run.baseAddress else { return }
      let hyper = SGDStep(
        rate: rate, momentum: momentum, nesterov: nesterov, weightDecay: decays ? weightDecay : 0,
        gradientScale: gradientScale, step: step)
      kernels.sgd(
        parameters: parameters.base + offset, gradients: gradients,
        velocity: velocity.map { $0.base + moment }, count: run.count, hyper: hyper)
    }
  }
}
