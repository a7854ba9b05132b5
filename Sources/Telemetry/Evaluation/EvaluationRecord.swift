import Failures

/// What a network made of a test set: the content of a run's `evaluation.json`, which the report shows.
public struct EvaluationRecord: Codable, Equatable, Sendable {
  /// A sample that was taken for another class.
  public struct Mistake: Codable, Equatable, Sendable {
    /// In the test set.
    public var index: Int
    public var label: Int
    /// The class that was answered; nil where it was none.
    public var answer: Int?
    /// What the network gave to its answer.
    public var probability: Double
    /// Nil where it is not finite.
    public var loss: Double?
    /// The sample as a PNG file in Base64.
    public var picture: String

    public init(
      index: Int, label: Int, answer: Int?, probability: Double, loss: Double?, picture: String
    ) {
      self.index = index
      self.label = label
      self.answer = answer
      self.probability = probability
      self.loss = loss
      self.picture = picture
    }
  }

  public var model: String
  public var dataset: String
  /// Where the weights were in their training.
  public var step: Int
  public var epoch: Int
  /// Mean over the samples; nil where it is not finite.
  public var loss: Double?
  public var accuracy: Double
  public var confusion: ConfusionMatrix
  /// Those of the largest losses, the worst first.
  public var mistakes: [Mistake]
  /// The filters of the first convolution as PNG files in Base64, zero in the middle of the greys.
  public var filters: [String]

  public init(
    model: String, dataset: String, step: Int, epoch: Int, loss: Double?, confusion: ConfusionMatrix,
    mistakes: [Mistake], filters: [String]
  ) {
    self.model = model
    self.dataset = dataset
    self.step = step
    self.epoch = epoch
    self.loss = loss
    accuracy = confusion.accuracy
    self.confusion = confusion
    self.mistakes = mistakes
    self.filters = filters
  }

  /// - Throws: `inputOutput`.
  public func write(to path: String) throws(Failure) { try writeJSON(self, to: path) }

  /// - Throws: `missingInput`, `badData`, `inputOutput`.
  public static func read(_ path: String) throws(Failure) -> EvaluationRecord {
    let record = try readJSON(EvaluationRecord.self, from: path)
    let count = record.confusion.classes.count
    let isWhole =
      record.confusion.counts.count == count
      && record.confusion.counts.allSatisfy { $0.count == count + 1 }
      && record.mistakes.allSatisfy { mistake in
        (0..<count).contains(mistake.label) && mistake.answer.map { (0..<count).contains($0) } ?? true
      }
    guard isWhole else {
      throw Failure(.badData, "not what a run writes: counts and classes do not fit", at: printable(path))
    }
    return record
  }
}
