import Kernels
import Tensors

/// Adam (Kingma and Ba, 2015, arXiv:1412.6980), as `torch.optim.Adam`, and AdamW, as `torch.optim.AdamW`.
///
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
/// Adam's weight decay adds weightDecay w to g (L2); AdamW's is decoupled: w is first multiplied by 1 - rate weightDecay
/// (Loshchilov and Hutter, 2019, arXiv:1711.05101).
public final class Adam: Optimizer {
  private let beta1 = 0.9
  private let beta2 = 0.999
  private let epsilon: Float = 1e-8
  private let spans: [ParameterSpan]
  private let weightDecay: Float
  private let isDecoupled: Bool
  public let owned: OwnedRanges
  private let first: FloatBuffer
  private let second: FloatBuffer
  private let kernels: any KernelSet.Type

  /// - Parameters:
  ///   - isDecoupled: makes it AdamW.
  ///   - owned: what is updated; nil for everything.
  public init(
    _ spans: [ParameterSpan], weightDecay: Float, isDecoupled: Bool = false, owned: OwnedRanges? = nil,
    kernels: any KernelSet.Type
  ) {
    self.spans = spans.joined(weightDecay: weightDecay)
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.kernels = kernels
    let owned = owned ?? spans.everything
    self.owned = owned
    first = FloatBuffer(count: owned.count)
    second = FloatBuffer(count: owned.count)
  }

  public var moments: [(name: String, buffer: FloatBuffer)] { [("exp_avg", first), ("exp_avg_sq", second)] }

  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    elements: Range<Int>
  ) {
    func hyper(_ weightDecay: Float) -> AdamStep {
      AdamStep(
        rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
        isDecoupled: isDecoupled, gradientScale: gradientScale, step: step)
    }
    let (decaying, plain) = (hyper(weightDecay), hyper(0))
    owned.forEachRun(of: gradients, spans, in: elements) { run, offset, moment, decays in
      guard let gradients = run.baseAddress else { return }
      kernels.adam(
        parameters: parameters.base + offset, gradients: gradients, first: first.base + moment,
        second: second.base + moment, count: run.count, hyper: decays ? decaying : plain)
    }
  }
}
