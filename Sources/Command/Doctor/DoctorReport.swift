import Foundation
import Telemetry

/// What `doctor` prints.
struct DoctorReport: Encodable {
  var checks: [DoctorCheck]
  var ranks: [DoctorRank]
  var links: [DoctorLink]
  /// The line to start a training with.
  var command: String

  /// A mark for each check, then the ranks and the links in numbers.
  var text: String {
    var lines = ""
    var table = TextTable([("", .left), ("what", .left), ("found", .left)])
    for check in checks { table.append([mark(check.verdict), check.name, printable(check.found)]) }
    lines += table.text
    var people = TextTable([
      ("rank", .right), ("machine", .left), ("processors", .left), ("threads", .right),
      ("instructions", .left),
      ("GFLOP/s", .right),
    ])
    for rank in ranks {
      people.append([
        "\(rank.rank)", rank.host, ranges(rank.processors), "\(rank.threads)", rank.instructionSet,
        fixed(rank.gigaflops, 0),
      ])
    }
    lines += "\n" + people.text
    if !links.isEmpty {
      var between = TextTable([("ranks", .left), ("", .left), ("µs", .right), ("GB/s", .right)])
      for link in links {
        between.append([
          "\(link.ranks[0]) and \(link.ranks[1])", link.isLocal ? "one machine" : "two machines",
          fixed(link.microseconds, 1), fixed(link.gigabytesPerSecond, 2),
        ])
      }
      lines += "\n" + between.text
    }
    let mend = checks.filter { !$0.advice.isEmpty }
    if !mend.isEmpty {
      lines += "\nto do:\n" + mend.map { "  \($0.name): \(printable($0.advice))\n" }.joined()
    }
    return lines + "\n\(conclusion)\nstart with: \(command)\n"
  }

  /// `fit to train, with 2 warnings`.
  private var conclusion: String {
    func count(_ verdict: DoctorCheck.Verdict, _ word: String) -> String? {
      let found = checks.count { $0.verdict == verdict }
      return found == 0 ? nil : "\(found) \(word)\(found == 1 ? "" : "s")"
    }
    let warnings = count(.warning, "warning").map { ", with \($0)" } ?? ""
    guard let failures = count(.bad, "failure") else { return "fit to train\(warnings)" }
    return "not fit to train: \(failures)\(warnings)"
  }

  private func mark(_ verdict: DoctorCheck.Verdict) -> String {
    switch verdict {
    case .ok: "ok"
    case .warning: "WARN"
    case .bad: "BAD"
    }
  }

  /// `0-3,8`, as the kernel writes it.
  private func ranges(_ processors: [Int]) -> String {
    var found: [ClosedRange<Int>] = []
    for processor in processors {
      if let last = found.last, last.upperBound + 1 == processor {
        found[found.count - 1] = last.lowerBound...processor
      } else {
        found.append(processor...processor)
      }
    }
    return found.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}
