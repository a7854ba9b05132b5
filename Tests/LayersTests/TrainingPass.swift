import Kernels
import Layers
import Tensors
import Testing

/// Random images of one shape, and their labels.
struct TrainingImages {
  let buffer: FloatBuffer
  let shape: Shape
  let labels: [UInt8]

  /// - Parameter classes: of the labels.
  init(_ count: Int, _ shape: Shape, classes: Int, mean: Float = 0) {
    self.shape = shape
    buffer = FloatBuffer(count: max(1, count * shape.count))
    let random = RandomStream(seed: 2, .synthetic)
    for index in 0..<buffer.count { buffer.base[index] = 2 * random.uniform(index) - 1 + mean }
    labels = (0..<max(1, count)).map { UInt8($0 % classes) }
  }

  func view(_ range: Range<Int>) -> TensorView {
    TensorView(buffer.base + range.lowerBound * shape.count, batch: range.count, shape: shape)
  }
}

extension Network {
  /// Forward, loss and backward of some images of a global batch, as one rank computes them.
  ///
  /// - Parameter shards: into which they are cut; one unless given.
  /// - Returns: the sum of the losses.
  @discardableResult
  func train(
    _ images: TrainingImages, _ range: Range<Int>, of globalBatch: Int, shards: Shards? = nil,
    accumulating: Bool = false, exchange: (any GradientExchange)? = nil
  ) -> Double {
    let view = images.view(range)
    let samples = SampleKeys(
      seed: 9, step: 1, firstPosition: range.lowerBound,
      shards: shards ?? Shards(whole: range.count, of: globalBatch))
    let logits = forward(view, mode: .training, samples: samples, accumulating: accumulating)
    let total = images.labels.withUnsafeBufferPointer {
      loss(
        logits, targets: LossTargets(labels: $0.baseAddress! + range.lowerBound),
        scale: 1 / Float(globalBatch)
      ).loss
    }
    backward(view, samples: samples, accumulating: accumulating, exchange: exchange)
    return total
  }

  /// The logits of all `count` images in evaluation mode.
  func evaluate(_ images: TrainingImages, _ count: Int) -> [Float] {
    let samples = SampleKeys(seed: 0, step: 0, firstPosition: 0)
    return Array(forward(images.view(0..<count), mode: .evaluation, samples: samples).elements)
  }

  /// Gradients, and what the step adds to the running statistics.
  var stepGradients: [Float] {
    var all = [Float](repeating: .nan, count: parameterCount)
    gradientSources[0].forEachPiece(of: 0..<parameterCount) { offset, piece in
      for (index, value) in piece.enumerated() { all[offset + index] = value }
    }
    return all
  }
  var stepStatistics: [Float] { Array(gradients.elements[parameterCount...]) }
  var runningStatistics: [Float] { Array(values.elements[parameterCount...]) }
}

/// Keeps what a network says of its gradients.
final class ReadinessLog: GradientExchange {
  var offsets: [Int] = []

  func gradientsReady(from offset: Int) { offsets.append(offset) }
  func factorsReady(_ factors: GradientFactors) { Issue.record("nothing here is large") }
  func waitForFactors(_ factors: GradientFactors) { Issue.record("nothing here is large") }
}
