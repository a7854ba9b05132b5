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
  private let first: FloatBuffer
  private let second: FloatBuffer
  private let kernels: any KernelSet.Type

  /// - Parameter isDecoupled: makes it AdamW.
  public init(
    _ spans: [ParameterSpan], weightDecay: Float, isDecoupled: Bool = false, kernels: any KernelSet.Type
  ) {
    self.spans = spans.joined(weightDecay: weightDecay)
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.kernels = kernels
    first = FloatBuffer(count: spans.bufferCount)
    second = FloatBuffer(count: spans.bufferCount)
  }

  public var moments: [(name: String, buffer: FloatBuffer)] { [("exp_avg", first), ("exp_avg_sq", second)] }

  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    part: Part
  ) {
    func hyper(_ weightDecay: Float) -> AdamStep {
      AdamStep(
        rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
        isDecoupled: isDecoupled, gradientScale: gradientScale, step: step)
    }
    let (decaying, plain) = (hyper(weightDecay), hyper(0))
    spans.forEach(in: part.range(of: first.count)) { range, decays in
      gradients.forEachPiece(of: range) { offset, piece in
        guard let gradients = piece.baseAddress else { return }
        kernels.adam(
          parameters: parameters.base + offset, gradients: gradients, first: first.base + offset,
          second: second.base + offset, count: piece.count, hyper: decays ? decaying : plain)
      }
    }
  }
}
