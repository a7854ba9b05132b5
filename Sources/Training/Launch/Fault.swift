import Failures

/// A fault to inject, for tests: `CNN_DIST_FAULT=nan@gradient,rank=1,step=3`.
///
/// The text names what happens at what place, then the rank and the step; a place that is a step has its number behind it.
package struct Fault: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// The first element of the rank's own gradient is not a number before it is reduced.
    case notANumber = "nan@gradient"
    /// One bit of a parameter changes in the rank's memory.
    case flip = "flip@parameter"
    /// The rank's process is killed at the end of backward, before its last bucket is reduced.
    case kill = "kill@step"
    /// The rank goes no further from there.
    case hang = "hang@step"

    /// Its whole text, as advice gives it.
    var form: String {
      switch self {
      case .notANumber: "nan@gradient,rank=R,step=S"
      case .flip: "flip@parameter,rank=R,step=S"
      case .kill: "kill@step=S,rank=R"
      case .hang: "hang@step=S,rank=R"
      }
    }
  }

  package let kind: Kind
  private let rank: Int
  private let step: Int

  static let variable = "CNN_DIST_FAULT"

  /// The fault of the environment that is for this rank; nil where there is none.
  ///
  /// - Throws: `configuration` for a text that is no known fault, on every rank alike.
  package init?(_ environment: [String: String], rank: Int) throws(Failure) {
    guard let text = environment[Self.variable], !text.isEmpty, CheckpointFault(text) == nil else {
      return nil
    }
    guard let (kind, numbers) = Self.parsed(text), let target = numbers["rank"],
      let step = numbers["step"] ?? (kind == .flip ? 1 : nil), step > 0,
      numbers.keys.allSatisfy({ $0 == "rank" || $0 == "step" })
    else {
      throw Failure(
        .configuration, "unknown fault '\(text)'", at: Self.variable,
        advice: "give \((Kind.allCases.map(\.form) + [CheckpointFault.allowed]).joined(separator: ", or "))")
    }
    guard target == rank else { return nil }
    self.kind = kind
    self.rank = target
    self.step = step
  }

  package func strikes(_ kind: Kind, step: Int) -> Bool { kind == self.kind && step == self.step }

  /// The kind that `text` begins with, and its numbers by name; nil where it makes no sense.
  private static func parsed(_ text: String) -> (Kind, [Substring: Int])? {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    }
    guard let kind = Kind(rawValue: String(words[0][0])) else { return nil }
    // The number behind a place has the place's name.
    let place = words[0][0].drop { $0 != "@" }.dropFirst()
    let first = words[0].count == 2 ? [[place, words[0][1]]] : []
    var numbers: [Substring: Int] = [:]
    for word in first + words.dropFirst() {
      guard word.count == 2, let number = Int(word[1]), number >= 0,
        numbers.updateValue(number, forKey: word[0]) == nil
      else { return nil }
    }
    return (kind, numbers)
  }
}
