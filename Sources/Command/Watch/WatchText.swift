import Foundation
import Reports
import Telemetry

/// A run in about twenty lines of at most eighty characters.
struct WatchText {
  let run: RunRecords
  let style: ConsoleStyle

  private static let width = 60
  /// Epochs that are shown, the last ones.
  private static let epochs = 8

  var text: String {
    let parts = [heading, progress, curves, table].filter { !$0.isEmpty }
    return parts.joined(separator: "\n\n").trimmingSuffix("\n")
  }

  private var heading: String {
    let message = run.status.map { $0.message.isEmpty ? "" : "\n\(printable($0.message))" } ?? ""
    return "\(printable(run.name)): \(printable(run.model)), \(run.state)\(message)"
  }

  private var progress: String {
    guard let steps = run.status?.steps, steps > 0 else { return "step \(grouped(run.step))" }
    let done = min(Self.width, Self.width * run.step / steps)
    let (full, empty) = style.usesUnicode ? ("━", "─") : ("=", "-")
    let bar = String(repeating: full, count: done) + String(repeating: empty, count: Self.width - done)
    var facts = ["step \(grouped(run.step)) of \(grouped(steps))"]
    if let last = run.metrics.last(where: { $0.split == .train }), run.isRunning {
      facts.append("\(grouped(Int(last.imagesPerSecond.rounded()))) images/s")
    }
    if let left = run.secondsLeft { facts.append("\(spokenDuration(left)) left") }
    return "\(bar) \(100 * run.step / steps) %\n\(facts.joined(separator: ", "))"
  }

  private var curves: String {
    let train = run.metrics.filter { $0.split == .train }
    guard let last = train.last else { return "" }
    return """
      loss      \(Sparkline.text(train.map { Double($0.loss) }, width: Self.width, style)) \(fixed(Double(last.loss), 4))
      accuracy  \(Sparkline.text(train.map { Double($0.accuracy) }, width: Self.width, style)) \(fixed(Double(last.accuracy), 4))
      """
  }

  private var table: String {
    guard !run.epochs.isEmpty else { return "" }
    var table = TextTable([
      ("epoch", .right), ("loss", .right), ("train acc", .right), ("test acc", .right), ("seconds", .right),
      ("images/s", .right),
    ])
    for epoch in run.epochs.suffix(Self.epochs) {
      table.append([
        "\(epoch.epoch)", fixed(Double(epoch.loss), 4), fixed(epoch.trainAccuracy, 4),
        epoch.testAccuracy.map { fixed($0, 4) } ?? "-", fixed(Double(epoch.seconds), 1),
        grouped(Int(epoch.imagesPerSecond.rounded())),
      ])
    }
    return table.text
  }
}

/// A curve in one line of text.
enum Sparkline {
  /// - Parameter width: characters at most; more values than that are drawn as means.
  static func text(_ values: [Double], width: Int, _ style: ConsoleStyle) -> String {
    let marks = Array(style.usesUnicode ? "▁▂▃▄▅▆▇█" : "_.-~=+*#")
    let columns = min(width, values.count)
    let means = (0..<columns).map { column -> Double in
      let part = values[column * values.count / columns..<(column + 1) * values.count / columns]
        .filter(\.isFinite)
      return part.isEmpty ? .nan : part.reduce(0, +) / Double(part.count)
    }
    let finite = means.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return String(repeating: " ", count: columns)
    }
    return String(
      means.map { mean in
        guard mean.isFinite else { return " " }
        let share = high > low ? (mean - low) / (high - low) : 0
        return marks[min(marks.count - 1, Int(share * Double(marks.count)))]
      })
  }
}
