import Datasets
import Failures
import Foundation
import Telemetry
import Tensors

/// What a network answers to every sample of a set: the same numbers on every rank, and on any number of ranks.
public struct Outcomes: Sendable {
  /// The class of the largest logit; -1 where a logit is not a number.
  public private(set) var answers: [Int64]
  /// Cross-entropy of the label's class.
  public private(set) var losses: [Double]
  /// The probability of the answer.
  public private(set) var probabilities: [Double]

  /// - Parameter count: samples of the set.
  init(count: Int) {
    answers = Array(repeating: 0, count: count)
    losses = Array(repeating: 0, count: count)
    probabilities = Array(repeating: 0, count: count)
  }

  /// Notes the answers to a batch of this rank.
  mutating func add(_ batch: Batch, _ logits: TensorView, classes: Int) {
    for sample in 0..<batch.count {
      let row = UnsafeBufferPointer(start: logits.base + sample * classes, count: classes)
      let index = Int(batch.samples[sample])
      let (answer, logNorm) = Self.softmax(row)
      answers[index] = Int64(answer ?? -1)
      losses[index] = logNorm - Double(row[Int(batch.labels[sample])])
      probabilities[index] = answer.map { exp(Double(row[$0]) - logNorm) } ?? .nan
    }
  }

  /// Where the largest of some logits is, the first of equal ones, and the logarithm of the sum of their exponentials.
  static func softmax(_ logits: some RandomAccessCollection<Float>) -> (answer: Int?, logNorm: Double) {
    var (answer, largest) = (0, -Float.infinity)
    for (index, logit) in logits.enumerated() {
      if logit.isNaN { return (nil, .nan) }
      if logit > largest { (answer, largest) = (index, logit) }
    }
    let sum = logits.reduce(0) { $0 + exp(Double($1) - Double(largest)) }
    return (sum.isNaN ? nil : answer, Double(largest) + log(sum))
  }

  /// Gives every rank what each has noted: a sample belongs to one rank and is zero on the others, so that nothing depends on
  /// the order of the sum. A call for all ranks together.
  mutating func gather(on rank: Rank) throws(Failure) {
    var numbers = losses + probabilities
    try rank.communication.add(&numbers, &answers)
    losses = Array(numbers.prefix(losses.count))
    probabilities = Array(numbers.suffix(losses.count))
  }

  /// Mean over the samples, added up in their order; nil where it is not finite.
  public var loss: Double? {
    let mean = losses.reduce(0, +) / Double(max(1, losses.count))
    return mean.isFinite ? mean : nil
  }

  public func confusion(in set: ImageSet) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(classes: set.classNames)
    for (label, answer) in zip(set.labels, answers) { matrix.add(label: Int(label), answer: Int(answer)) }
    return matrix
  }

  /// The samples that were answered wrong, those of the largest losses first.
  func mistakes(in set: ImageSet, atMost count: Int) -> [Int] {
    let wrong = answers.indices.filter { answers[$0] != Int64(set.labels[$0]) }
    func order(_ index: Int) -> Double { losses[index].isNaN ? .infinity : losses[index] }
    return Array(wrong.sorted { (order($1), $0) < (order($0), $1) }.prefix(count))
  }
}
