import Telemetry

/// Several runs side by side: what came of them, and in which settings they differ.
struct Comparison {
  let runs: [RunRecords]

  var section: HTML { "\(results)\(differences)" }

  private var results: HTML {
    let rows = runs.enumerated().map { index, run -> HTML in
      let best = run.bestEpoch
      return """
        <tr><th><span class="key line c\(index % 8)"></span>\(run.name)</th><td>\(run.state)</td><td>\(run.model)</td><td>\(run.epochs.count)</td><td>\(best?.testAccuracy.map { fixed($0, 4) } ?? "–")</td><td>\(best.map { "\($0.epoch)" } ?? "–")</td><td>\(run.lastTested?.testAccuracy.map { fixed($0, 4) } ?? "–")</td><td>\(run.epochs.last.map { fixed(Double($0.loss), 4) } ?? "–")</td><td>\(fixed(run.seconds, 1))</td><td>\(run.imagesPerSecond.map { grouped(Int($0.rounded())) } ?? "–")</td><td>\(run.environment.map { "\($0.ranks)" } ?? "–")</td></tr>

        """
    }
    return """
      <section><h2>Results</h2><div class="wide"><table>
      <tr><th>run</th><th>state</th><th>model</th><th>epochs</th><th>best test acc</th><th>in epoch</th><th>last test acc</th><th>last loss</th><th>seconds</th><th>images/s</th><th>ranks</th></tr>
      \(rows)</table></div></section>

      """
  }

  /// Names of settings in the order of the first run that has them, with a value for each run.
  var differing: [(name: String, values: [String])] {
    var names: [String] = []
    for run in runs {
      for setting in run.settings where !names.contains(setting.name) { names.append(setting.name) }
    }
    return names.compactMap { name in
      let values = runs.map { run in run.settings.first { $0.name == name }?.value ?? "–" }
      return Set(values).count > 1 ? (name, values) : nil
    }
  }

  private var differences: HTML {
    let differing = differing
    guard !differing.isEmpty else {
      return "<section><h2>Settings that differ</h2><p>None.</p></section>\n"
    }
    let heads = runs.map { "<th>\($0.name)</th>" as HTML }
    let rows = differing.map { name, values -> HTML in
      "<tr><th>\(name)</th>\(values.map { "<td>\($0)</td>" as HTML })</tr>\n"
    }
    return """
      <section><h2>Settings that differ</h2><div class="wide"><table class="facts"><tr><th></th>\(heads)</tr>
      \(rows)</table></div></section>

      """
  }
}
