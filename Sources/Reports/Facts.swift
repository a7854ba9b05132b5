import Foundation
import Telemetry

/// What a run is: how it stands, its epochs, its settings, what it ran on, and how to have it again.
struct Facts {
  let run: RunRecords

  var head: HTML {
    let message: HTML = (run.status?.message).map { $0.isEmpty ? "" : "<p class=\"message\">\($0)</p>" } ?? ""
    return "<p class=\"state \(run.state)\">\(run.state)</p>\(message)\(tiles)"
  }

  private var tiles: HTML {
    var values: [(String, String)] = [("model", run.model)]
    if let best = run.bestEpoch, let accuracy = best.testAccuracy {
      values.append(("best test accuracy", "\(fixed(accuracy, 4))"))
      values.append(("in epoch", "\(best.epoch)"))
    }
    if let last = run.lastTested?.testAccuracy { values.append(("last test accuracy", fixed(last, 4))) }
    if let epoch = run.epochs.last { values.append(("last training loss", fixed(Double(epoch.loss), 4))) }
    values.append(
      ("steps", run.status?.steps.map { "\(grouped(run.step)) of \(grouped($0))" } ?? grouped(run.step)))
    values.append(("epochs", "\(run.epochs.count)"))
    values.append(("time", spokenDuration(run.seconds)))
    if let left = run.secondsLeft { values.append(("left", spokenDuration(left))) }
    if let speed = run.imagesPerSecond { values.append(("images/s", grouped(Int(speed.rounded())))) }
    if let environment = run.environment { values.append(("ranks", "\(environment.ranks)")) }
    let tiles = values.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>\n" as HTML }
    return "<dl class=\"tiles\">\(tiles)</dl>\n"
  }

  var epochs: HTML {
    guard !run.epochs.isEmpty else { return "" }
    let rows = run.epochs.map { epoch -> HTML in
      """
      <tr><th>\(epoch.epoch)</th><td>\(fixed(Double(epoch.loss), 4))</td><td>\(fixed(epoch.trainAccuracy, 4))</td><td>\(epoch.testAccuracy.map { fixed($0, 4) } ?? "–")</td><td>\(fixed(Double(epoch.seconds), 1))</td><td>\(grouped(Int(epoch.imagesPerSecond.rounded())))</td><td>\(shortNumber(Double(epoch.learningRate)))</td></tr>

      """
    }
    return """
      <section><h2>Epochs</h2><div class="wide"><table>
      <tr><th>epoch</th><th>loss</th><th>train acc</th><th>test acc</th><th>seconds</th><th>images/s</th><th>rate</th></tr>
      \(rows)</table></div></section>

      """
  }

  var settings: HTML {
    let rows = run.settings.map { "<tr><th>\($0.name)</th><td>\($0.value)</td></tr>\n" as HTML }
    return "<section><h2>Settings</h2><table class=\"facts\">\(rows)</table></section>\n"
  }

  var environment: HTML {
    guard let environment = run.environment else { return "" }
    let machine = environment.machine
    var values = [
      ("program", "cnn-dist \(environment.version)"), ("started", environment.started),
      (
        "ranks",
        "\(environment.ranks) of \(environment.threadsPerRank == 1 ? "1 thread" : "\(environment.threadsPerRank) threads")"
      ),
      ("hosts", Set(environment.hosts).sorted().joined(separator: ", ")), ("processor", machine.processor),
      ("processors", "\(machine.processors), of which \(machine.usableProcessors) may be used"),
      ("memory", spokenBytes(machine.memoryBytes)), ("instruction set", environment.instructionSet),
      ("BLAS", environment.blas), ("MPI", environment.mpi),
      ("system", "\(machine.system), \(machine.kernel)"),
    ]
    values += environment.variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let rows = values.map { "<tr><th>\($0.0)</th><td>\($0.1)</td></tr>\n" as HTML }
    return """
      <section><h2>Environment</h2><table class="facts">\(rows)</table></section>
      <section><h2>Reproduce</h2><p>The same run again, from any directory:</p><pre>\(again(environment))</pre>
      <p>The command of the last job:</p><pre>\(command(environment))</pre></section>

      """
  }

  /// What starts the ranks: with room for more of them than processors, and for their threads. Hosts are the user's to add.
  private func launcher(_ environment: EnvironmentRecord) -> String {
    guard environment.mpi != "none" else { return "" }
    let perHost = Dictionary(grouping: environment.hosts) { $0 }.values.map(\.count).max() ?? 0
    var words = ["mpirun -n \(environment.ranks)"]
    if perHost > environment.machine.processors { words.append("--oversubscribe") }
    if environment.threadsPerRank > 1 { words.append("--bind-to none") }
    return words.joined(separator: " ") + " "
  }

  private func command(_ environment: EnvironmentRecord) -> String {
    let words = ["cnn-dist"] + environment.command.dropFirst().map(shellWord)
    let place = environment.directory.map { "cd \(shellWord($0)) && " } ?? ""
    return "\(place)\(launcher(environment))\(words.joined(separator: " "))"
  }

  private func again(_ environment: EnvironmentRecord) -> String {
    let configuration = URL(fileURLWithPath: RunPaths(run.name).configuration).standardizedFileURL.path
    let ranks = environment.mpi == "none" && environment.ranks > 1 ? " --ranks \(environment.ranks)" : ""
    return
      "\(launcher(environment))cnn-dist train \(shellWord(run.model)) --config \(shellWord(configuration))"
      + "\(ranks) --threads \(environment.threadsPerRank)"
  }
}
