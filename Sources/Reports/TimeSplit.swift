import Telemetry

/// Where the time of a run went, epoch by epoch and rank by rank.
struct TimeSplit {
  let run: RunRecords

  /// Seconds of an epoch, or of a rank.
  struct Parts: Equatable {
    var name: String
    var compute: Double
    var data: Double
    var communication: Double
    /// Evaluation and saving; nothing of a rank's training.
    var rest: Double

    var total: Double { compute + data + communication + rest }
  }

  var section: HTML {
    let (epochs, ranks) = (epochs, ranks)
    guard !epochs.isEmpty || !ranks.isEmpty else { return "" }
    let ofRanks: HTML =
      ranks.isEmpty
      ? ""
      : "<h3>Ranks, training steps of the last job</h3>\(bars(ranks))\(table(ranks, "rank"))"
    let ofEpochs: HTML =
      epochs.isEmpty ? "" : "<h3>Epochs, mean over the ranks</h3>\(bars(epochs))\(table(epochs, "epoch"))"
    return """
      <section><h2>Time</h2>
      <p class="keys"><span class="key block t0">compute</span> <span class="key block t1">waiting for data</span>
      <span class="key block t2">communication that nothing hid, and waiting for other ranks</span>
      <span class="key block t3">evaluation, saving</span></p>
      \(ofEpochs)\(ofRanks)</section>

      """
  }

  /// Metrics tell the mean seconds of a step's parts; an epoch has as many as its steps make. What its clock counted beyond
  /// them is evaluation and saving.
  var epochs: [Parts] {
    run.epochs.map { epoch in
      var (steps, compute, data, communication) = (0.0, 0.0, 0.0, 0.0)
      var last = run.stepsPerEpoch.map { (epoch.epoch - 1) * $0 }
      for record in run.metrics where record.split == .train && record.epoch == epoch.epoch {
        guard let phases = record.phases, phases.compute.isFinite else { continue }
        let weight = Double(max(1, record.step - (last ?? record.step - 1)))
        last = record.step
        steps += weight
        compute += weight * Double(phases.compute)
        data += weight * Double(phases.data)
        communication += weight * Double(phases.exposedCommunication)
      }
      let scale = steps > 0 ? Double(run.stepsPerEpoch ?? Int(steps)) / steps : 0
      let training = scale * (compute + data + communication)
      return Parts(
        name: "\(epoch.epoch)", compute: scale * compute, data: scale * data,
        communication: scale * communication, rest: max(0, Double(epoch.seconds) - training))
    }
  }

  var ranks: [Parts] {
    run.ranks.enumerated().map { index, rank in
      Parts(
        name: "\(index) on \(rank.host)", compute: rank.seconds - rank.data - rank.exposed, data: rank.data,
        communication: rank.exposed, rest: 0)
    }
  }

  /// A bar a row, at most forty: of more, the last.
  private func bars(_ rows: [Parts]) -> HTML {
    let shown = rows.suffix(40)
    let longest = shown.map(\.total).max() ?? 0
    guard longest > 0 else { return "" }
    let drawn = shown.map { row -> HTML in
      let parts = [row.compute, row.data, row.communication, row.rest].enumerated().map {
        kind, seconds -> HTML in
        "<span class=\"t\(kind)\" style=\"width:\(fixed(100 * seconds / longest, 2))%\"></span>"
      }
      return "<div class=\"bar\"><i>\(row.name)</i><b>\(parts)</b></div>\n"
    }
    return "<div class=\"bars\">\(drawn)</div>"
  }

  private func table(_ rows: [Parts], _ what: String) -> HTML {
    let hasRest = rows.contains { $0.rest > 0 }
    let lines = rows.map { row -> HTML in
      let rest: HTML = hasRest ? "<td>\(fixed(row.rest, 2))</td>" : ""
      return """
        <tr><th>\(row.name)</th><td>\(fixed(row.compute, 2))</td><td>\(fixed(row.data, 2))</td><td>\(fixed(row.communication, 2))</td>\(rest)<td>\(fixed(row.total, 2))</td></tr>

        """
    }
    let rest: HTML = hasRest ? "<th>evaluation, saving</th>" : ""
    return """
      <details><summary>seconds</summary><div class="wide"><table>
      <tr><th>\(what)</th><th>compute</th><th>data</th><th>communication</th>\(rest)<th>all</th></tr>
      \(lines)</table></div></details>

      """
  }
}
