import Kernels
import Tensors

/// An exponential moving average of the weights, to be evaluated in their place (Polyak and Juditsky, 1992).
///
/// average = d average + (1 - d) weights, where d = min(decay, (1 + t) / (10 + t)) in step t, so that the average soon
/// forgets where it began; as TensorFlow's `ExponentialMovingAverage(decay, num_updates)`.
public final class WeightAverage {
  /// The average, or after ``swap(with:)`` what it was exchanged for.
  public let values: FloatBuffer
  private let decay: Double
  private let kernels: any KernelSet.Type

  /// An average of zeros; ``begin(with:)`` gives it weights.
  ///
  /// - Parameters:
  ///   - count: length of the buffers.
  ///   - decay: the part of the average that a step keeps, in 0..<1.
  public init(count: Int, decay: Double, kernels: any KernelSet.Type) {
    precondition((0..<1).contains(decay), "a decay is a part of 1")
    values = FloatBuffer(count: count)
    self.decay = decay
    self.kernels = kernels
  }

  /// Begins with the weights before the first step.
  public func begin(with weights: FloatBuffer) {
    precondition(weights.count == values.count, "the weights are as many as their averages")
    values.base.update(from: weights.base, count: values.count)
  }

  /// Takes in the weights after an update.
  ///
  /// - Parameters:
  ///   - step: the update's number, from 1.
  ///   - part: which part of the weights; parts may be taken in at the same time.
  public func update(from weights: FloatBuffer, step: Int, part: Part = .whole) {
    precondition(weights.count == values.count && step > 0, "the weights of a step, counted from 1")
    let kept = min(decay, (1 + Double(step)) / (10 + Double(step)))
    let range = part.range(of: values.count)
    kernels.average(
      weights.base + range.lowerBound, into: values.base + range.lowerBound, count: range.count,
      share: Float(1 - kept))
  }

  /// Exchanges the average and the weights; the next call brings both back, bit for bit.
  public func swap(with weights: FloatBuffer) {
    precondition(weights.count == values.count, "the weights are as many as their averages")
    kernels.exchange(values.base, with: weights.base, count: values.count)
  }
}
