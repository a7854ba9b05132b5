import Telemetry

/// What the network makes of the test set: who is taken for whom, how well each class is told, the worst mistakes, and the
/// filters that it looks through.
struct Scores {
  let evaluation: EvaluationRecord

  private var confusion: ConfusionMatrix { evaluation.confusion }

  var section: HTML {
    """
    <section><h2>Test set</h2>
    <p>After epoch \(evaluation.epoch), step \(evaluation.step): \(confusion.correct) of \(confusion.seen) right, accuracy \(fixed(confusion.accuracy, 4)), loss \(evaluation.loss.map { fixed($0, 4) } ?? "not finite").</p>
    <div class="pair"><div><h3>Confusion matrix</h3>\(matrix)</div><div><h3>Classes</h3>\(classes)</div></div>
    </section>
    \(mistakes)\(filters)
    """
  }

  private var matrix: HTML {
    let hasUnnamed = confusion.unnamed > 0
    let columns = confusion.classes.indices.map {
      "<th title=\"\(confusion.classes[$0])\">\($0)</th>" as HTML
    }
    let unnamed: HTML = hasUnnamed ? "<th>none</th>" : ""
    let rows = confusion.counts.enumerated().map { label, counts -> HTML in
      let support = max(1, counts.reduce(0, +))
      let cells = (hasUnnamed ? counts[...] : counts.dropLast()).enumerated().map { answer, count -> HTML in
        guard count > 0 else { return "<td class=\"zero\">·</td>" }
        // The square root shows mistakes, which are few.
        let share = (Double(count) / Double(support)).squareRoot()
        let kind = answer == label ? "hit" : "miss"
        let name = answer < confusion.classes.count ? confusion.classes[answer] : "none"
        return """
          <td class="\(kind)" style="--share:\(fixed(100 * share, 0))%" title="\(confusion.classes[label]) taken for \(name): \(count)">\(count)</td>
          """
      }
      return "<tr><th>\(label) \(confusion.classes[label])</th>\(cells)</tr>\n"
    }
    return """
      <div class="wide"><table class="matrix"><tr><th>label \\ answer</th>\(columns)\(unnamed)</tr>
      \(rows)</table></div>
      """
  }

  private var classes: HTML {
    func cell(_ value: Double?) -> HTML { "<td>\(value.map { fixed($0, 4) } ?? "–")</td>" }
    let rows = (confusion.scores + [ClassScore.mean(confusion.scores)]).map { score -> HTML in
      """
      <tr><th>\(score.name)</th>\(cell(score.precision))\(cell(score.recall))\(cell(score.f1))<td>\(grouped(score.support))</td></tr>

      """
    }
    return """
      <div class="wide"><table class="classes"><tr><th>class</th><th>precision</th><th>recall</th><th>F1</th><th>support</th></tr>
      \(rows)</table></div>
      """
  }

  private var mistakes: HTML {
    guard !evaluation.mistakes.isEmpty else { return "" }
    let figures = evaluation.mistakes.map { mistake -> HTML in
      let (label, answer) = (
        confusion.classes[mistake.label], mistake.answer.map { confusion.classes[$0] } ?? "none"
      )
      return """
        <figure><img src="data:image/png;base64,\(mistake.picture)" alt="\(label)" width="28" height="28"><figcaption><b>\(answer)</b> \(fixed(mistake.probability, 3))<br>is \(label)<br><small>image \(mistake.index)</small></figcaption></figure>

        """
    }
    return """
      <section><h2>Worst mistakes</h2><p>Of the largest losses: the answer with its probability, and what it is.</p>
      <div class="pictures">\(figures)</div></section>

      """
  }

  private var filters: HTML {
    guard !evaluation.filters.isEmpty else { return "" }
    let images = evaluation.filters.enumerated().map { index, filter -> HTML in
      "<img src=\"data:image/png;base64,\(filter)\" alt=\"filter \(index)\">\n"
    }
    return """
      <section><h2>Filters of the first convolution</h2><p>Grey is zero; all have one scale.</p>
      <div class="filters">\(images)</div></section>

      """
  }
}
