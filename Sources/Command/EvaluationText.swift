import Telemetry
import Training

/// An evaluation for people: the score, a line a class, and who is taken for whom.
struct EvaluationText {
  let result: EvaluationRun.Result
  let checkpoint: String

  private var confusion: ConfusionMatrix { result.confusion }

  var text: String {
    "\(headline)\n\n\(classes)\nlabels in rows, answers in columns\n\(matrix)".trimmingSuffix("\n")
  }

  var headline: String {
    "test loss \(result.loss.map { fixed($0, 4) } ?? "nan"), test acc \(fixed(confusion.accuracy, 4)) "
      + "(\(confusion.correct) of \(confusion.seen)), time \(fixed(result.seconds, 1)) sec"
  }

  private var classes: String {
    var table = TextTable([
      ("class", .left), ("precision", .right), ("recall", .right), ("F1", .right), ("support", .right),
    ])
    func text(_ value: Double?) -> String { value.map { fixed($0, 4) } ?? "-" }
    for score in confusion.scores + [ClassScore.mean(confusion.scores)] {
      table.append([
        printable(score.name), text(score.precision), text(score.recall), text(score.f1),
        grouped(score.support),
      ])
    }
    return table.text
  }

  /// Columns are numbered as the rows are, so that the table is narrow.
  private var matrix: String {
    let hasUnnamed = confusion.unnamed > 0
    let numbers = confusion.classes.indices.map { ("\($0)", TextTable.Alignment.right) }
    var table = TextTable(
      [("", .right), ("", .left)] + numbers + (hasUnnamed ? [("none", TextTable.Alignment.right)] : []))
    for (label, counts) in confusion.counts.enumerated() {
      let shown = hasUnnamed ? counts[...] : counts.dropLast()
      table.append(["\(label)", printable(confusion.classes[label])] + shown.map { $0 == 0 ? "." : "\($0)" })
    }
    return table.text
  }

  /// The same for programs.
  struct Record: Encodable {
    let model: String
    let dataset: String
    let checkpoint: String
    let loss: Double?
    let accuracy: Double
    let correct: Int
    let seen: Int
    let classes: [ClassScore]
    /// A row a label, a column an answer; the last column is none of the classes.
    let confusion: [[Int]]
  }

  var record: Record {
    Record(
      model: result.model, dataset: result.dataset, checkpoint: checkpoint, loss: result.loss,
      accuracy: confusion.accuracy, correct: confusion.correct, seen: confusion.seen,
      classes: confusion.scores,
      confusion: confusion.counts)
  }
}
