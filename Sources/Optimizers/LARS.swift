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
  public let owned: OwnedRanges
  private let velocity: FloatBuffer?
  /// Each span's rate as a part of the step's: written by `prepare`.
  private let localRates: UnsafeMutableBufferPointer<Double>
  private let kernels: any KernelSet.Type

  /// - Parameter owned: what is updated; nil for everything. Norms are always of whole tensors.
  public init(
    _ spans: [ParameterSpan], momentum: Float, weightDecay: Float, owned: OwnedRanges? = nil,
    kernels: any KernelSet.Type
  ) {
    self.spans = spans
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.kernels = kernels
    let owned = owned ?? spans.everything
    self.owned = owned
    velocity = momentum == 0 ? nil : FloatBuffer(count: owned.count)
    localRates = .allocate(capacity: spans.count)
    localRates.initialize(repeating: 1)
  }

  deinit { localRates.deallocate() }

  public var moments: [(name: String, buffer: FloatBuffer)] {
    velocity.map { [("momentum_buffer", $0)] } ?? []
  }

  public var needsPreparation: Bool { true }

  public func prepare(
    parameters: FloatBuffer, gradients: any GradientSource, gradientScale: Float, part: Part
  ) {
    // A tensor's norms need all of it: it belongs to the part in which it begins.
    let range = part.range(of: spans.bufferCount)
    for (index, span) in spans.enumerated() where span.decays && range.contains(span.offset) {
      let weights = kernels.sumOfSquares(parameters.base + span.offset, count: span.count)
      let squares = gradients.sumOfSquares(of: span.offset..<span.end, kernels)
      localRates[index] = localRate(
        weightNorm: weights.squareRoot(), gradientNorm: squares.squareRoot() * Double(gradientScale))
    }
  }

  public func update(
    parameters: FloatBuffer, gradients: any GradientSource, step: Int, rate: Float, gradientScale: Float,
    elements: Range<Int>
  ) {
    owned.forEach(in: elements) { elements, shift in
      for (index, span) in spans.enumerated() {
        let range = elements.clamped(to: span.offset..<span.end)
        guard !range.isEmpty else { continue }
        let hyper = SGDStep(
          rate: Float(Double(rate) * localRates[index]), momentum: momentum,
          weightDecay: span.decays ? weightDecay : 0, gradientScale: gradientScale, step: step)
        gradients.forEachPiece(of: range) { offset, piece in
          guard let gradients = piece.baseAddress else { return }
          kernels.lars(
            parameters: parameters.base + offset, gradients: gradients,
            velocity: velocity.map { $0.base + offset - shift }, count: piece.count, hyper: hyper)
        }
      }
    }
  }

  private func localRate(weightNorm: Double, gradientNorm: Double) -> Double {
    guard weightNorm > 0, gradientNorm > 0 else { return 1 }
    return Self.trust * weightNorm / (gradientNorm + Double(weightDecay) * weightNorm)
  }
}
