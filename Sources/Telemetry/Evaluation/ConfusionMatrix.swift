/// How often which class was taken for which.
public struct ConfusionMatrix: Codable, Equatable, Sendable {
  public let classes: [String]
  /// `counts[label][answer]`. The last answer, one more than there are classes, is none of them: an output without a
  /// name, or logits that are not numbers.
  public private(set) var counts: [[Int]]

  public init(classes: [String]) {
    self.classes = classes
    counts = Array(repeating: Array(repeating: 0, count: classes.count + 1), count: classes.count)
  }

  /// Counts a sample.
  ///
  /// - Parameter answer: the class that was answered; what is no class counts as none.
  public mutating func add(label: Int, answer: Int) {
    counts[label][classes.indices.contains(answer) ? answer : classes.count] += 1
  }

  public var correct: Int { classes.indices.reduce(0) { $0 + counts[$1][$1] } }
  public var seen: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }
  public var accuracy: Double { Double(correct) / Double(max(1, seen)) }

  /// Answers that name no class.
  public var unnamed: Int { counts.reduce(0) { $0 + $1[classes.count] } }

  /// How well one class is told from the others.
  public func score(of label: Int) -> ClassScore {
    let hits = counts[label][label]
    let answered = counts.reduce(0) { $0 + $1[label] }
    let support = counts[label].reduce(0, +)
    return ClassScore(
      name: classes[label], support: support, precision: ratio(hits, answered), recall: ratio(hits, support),
      f1: ratio(2 * hits, answered + support))
  }

  /// Every class, in order.
  public var scores: [ClassScore] { classes.indices.map(score) }

  private func ratio(_ part: Int, _ whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
}

/// Precision, recall and their harmonic mean of one class.
public struct ClassScore: Codable, Equatable, Sendable {
  public var name: String
  /// Samples that have this label.
  public var support: Int
  /// The part of the answers with this class that are right; nil where there is none.
  public var precision: Double?
  /// The part of the samples with this label that are found; nil where there is none.
  public var recall: Double?
  /// 2 x precision x recall / (precision + recall); nil where neither samples nor answers are of the class.
  public var f1: Double?

  public init(name: String, support: Int, precision: Double?, recall: Double?, f1: Double?) {
    self.name = name
    self.support = support
    self.precision = precision
    self.recall = recall
    self.f1 = f1
  }

  /// The means over the classes that have samples; a value that a class lacks counts as 0.
  public static func mean(_ scores: [ClassScore]) -> ClassScore {
    let present = scores.filter { $0.support > 0 }
    func mean(_ value: KeyPath<ClassScore, Double?>) -> Double? {
      present.isEmpty ? nil : present.reduce(0) { $0 + ($1[keyPath: value] ?? 0) } / Double(present.count)
    }
    return ClassScore(
      name: "mean", support: scores.reduce(0) { $0 + $1.support }, precision: mean(\.precision),
      recall: mean(\.recall), f1: mean(\.f1))
  }
}
