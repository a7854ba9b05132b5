import Kernels
import Tensors

/// Layer-wise adaptive rate scaling (You, Gitman and Ginsburg, 2017, arXiv:1708.03888), for large batches.
///
/// Each weight tensor has a rate of its own: local = trust |w| / (|g| + weightDecay |w|);
/// v = momentum v + rate local (g + weightDecay w); w -= v. Spans without weight decay (biases and norms) take the
/// plain rate: v = momentum v + rate g. A tensor whose weights or gradients are all zero takes the plain rate too, as
/// in the usual implementations: by the formula it would never move, or its rate would be a division by zero.
public final class LARS: Optimizer {
  /// The paper's trust coefficient.
  private static let trust = 0.001
  private let spans: [ParameterSpan]
  private let momentum: Float
  private let weightDecay: Float
  private let velocity: FloatBuffer?
  private let kernels: any KernelSet.Type

  public init(_ spans: [ParameterSpan], momentum: Float, weightDecay: Float, kernels: any KernelSet.Type) {
    self.spans = spans
    self.momentum = momentum
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
    // A tensor's norms need all of it: it belongs to the part in which it begins.
    let range = part.range(of: spans.bufferCount)
    for span in spans where range.contains(span.offset) {
      let weights = parameters.base + span.offset
      let elements = span.offset..<span.end
      var local = 1.0
      if span.decays {
        local = localRate(
          weightNorm: kernels.sumOfSquares(weights, count: span.count).squareRoot(),
          gradientNorm: gradients.sumOfSquares(of: elements, kernels).squareRoot() * Double(gradientScale))
      }
      let hyper = SGDStep(
        rate: Float(Double(rate) * local), momentum: momentum, weightDecay: span.decays ? weightDecay : 0,
        gradientScale: gradientScale, step: step)
      gradients.forEachPiece(of: elements) { offset, piece in
        guard let gradients = piece.baseAddress else { return }
        kernels.lars(
          parameters: parameters.base + offset, gradients: gradients,
          velocity: velocity.map { $0.base + offset }, count: piece.count, hyper: hyper)
      }
    }
  }

  private func localRate(weightNorm: Double, gradientNorm: Double) -> Double {
    guard weightNorm > 0, gradientNorm > 0 else { return 1 }
    return Self.trust * weightNorm / (gradientNorm + Double(weightDecay) * weightNorm)
  }
}
