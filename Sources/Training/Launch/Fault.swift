import Failures

/// A fault to inject, for tests: `CNN_DIST_FAULT=nan@gradient,rank=1,step=3`.
///
/// It makes a rank's own gradient not a number, in the first element, before it is reduced.
package struct Fault: Equatable, Sendable {
  private let rank: Int
  private let step: Int

  static let variable = "CNN_DIST_FAULT"

  /// The fault of the environment that is for this rank; nil where there is none.
  ///
  /// - Throws: `configuration` for a text that is no known fault, on every rank alike.
  package init?(_ environment: [String: String], rank: Int) throws(Failure) {
    guard let text = environment[Self.variable], !text.isEmpty else { return nil }
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    var numbers: [Substring: Int] = [:]
    for word in words.dropFirst() {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, let number = Int(parts[1]), number >= 0 else { throw Self.unknown(text) }
      numbers[parts[0]] = number
    }
    guard words[0] == "nan@gradient", words.count == 3, let target = numbers["rank"],
      let step = numbers["step"], step > 0
    else { throw Self.unknown(text) }
    guard target == rank else { return nil }
    self.rank = target
    self.step = step
  }

  package func strikes(step: Int) -> Bool { step == self.step }

  private static func unknown(_ text: String) -> Failure {
    Failure(
      .configuration, "unknown fault '\(text)'", at: variable, advice: "give nan@gradient,rank=R,step=S")
  }
}
