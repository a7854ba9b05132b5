import Failures
import Files
import Telemetry

/// A page about a run, or about several: one file of HTML that needs nothing else, no network and no script.
public struct ReportPage: Sendable {
  private let runs: [RunRecords]

  public init(_ runs: [RunRecords]) {
    precondition(!runs.isEmpty, "a report is about a run")
    self.runs = runs
  }

  var title: String { runs.count == 1 ? runs[0].name : "\(runs.count) runs compared" }

  /// Everything below the title.
  public var content: String { markup.text }

  var markup: HTML {
    if runs.count == 1 { return "\(Facts(run: runs[0]).head)\(Self.details(of: runs[0]))" }
    let each = runs.map { run -> HTML in
      """
      <details class="run"><summary>\(run.name)</summary>\(Facts(run: run).head)\(Self.details(of: run))</details>

      """
    }
    return """
      \(Comparison(runs: runs).section)\(Curves(runs: runs).section)<section><h2>Runs</h2>\(each)</section>
      """
  }

  private static func details(of run: RunRecords) -> HTML {
    let facts = Facts(run: run)
    return """
      \(Curves(runs: [run]).section)\(facts.epochs)\(TimeSplit(run: run).section)
      \(run.evaluation.map { Scores(evaluation: $0).section } ?? "")
      \(facts.settings)\(facts.environment)
      """
  }
}
