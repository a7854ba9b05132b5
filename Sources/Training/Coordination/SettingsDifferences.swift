import Checkpoints

/// How a resumed run differs from the one that its checkpoint was saved by.
struct SettingsDifferences {
  private struct Row {
    var name: String
    var was: String
    var `is`: String
    /// Whether it makes the run another one.
    var isBinding: Bool
  }

  private let rows: [Row]

  /// - Parameters:
  ///   - saved: what the checkpoint says. What it does not name is not compared.
  ///   - fresh: the same run as it would begin with the settings of now.
  init(from saved: CheckpointState, to fresh: CheckpointState) {
    var rows = [Row(name: "model", was: saved.model, is: fresh.model, isBinding: true)]
    for setting in Setting.all where setting.definesRun {
      guard let was = saved.settings?[setting.name], let value = fresh.settings?[setting.name] else {
        continue
      }
      rows.append(Row(name: "--\(setting.name)", was: was, is: value, isBinding: setting.isBinding))
    }
    // The length of the run, where the learning rate follows from it.
    let lengths = [saved, fresh].map { $0.settings?["steps"] ?? "any" }
    rows.append(Row(name: "steps", was: lengths[0], is: lengths[1], isBinding: false))
    let digests = [saved.dataDigest, fresh.dataDigest].map { String($0.prefix(12)) }
    rows.append(Row(name: "data", was: digests[0], is: digests[1], isBinding: true))
    if let was = saved.classNames, let names = fresh.classNames {
      rows.append(
        Row(
          name: "class names", was: was.joined(separator: ", "), is: names.joined(separator: ", "),
          isBinding: true))
    }
    self.rows = rows.filter { $0.was != $0.is }
  }

  var isEmpty: Bool { rows.isEmpty }
  /// Whether the run would not be the same run any more.
  var areBinding: Bool { rows.contains(where: \.isBinding) }

  /// A line for each, below a line of titles.
  var table: [String] {
    let lines = [("setting", "was", "is")] + rows.map { ($0.name, $0.was, $0.is) }
    let widths = (lines.map(\.0.count).max() ?? 0, lines.map(\.1.count).max() ?? 0)
    func filled(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: width - text.count)
    }
    return lines.map { "\(filled($0.0, widths.0))  \(filled($0.1, widths.1))  \($0.2)" }
  }
}
