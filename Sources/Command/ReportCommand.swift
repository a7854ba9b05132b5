import ArgumentParser
import Failures
import Foundation
import Reports
import Telemetry

/// `cnn-dist report RUN...`.
public struct ReportCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a page about a run, or one that compares several.",
    discussion: """
      Examples:
        cnn-dist report runs/lenet-1                 writes runs/lenet-1/report.html
        cnn-dist report runs/lenet-1 runs/lenet-2    writes comparison.html
        cnn-dist report runs/* --output all.html

      The page is one file that needs no network. A run writes its own when it ends;
      `cnn-dist watch` shows it while the run goes on.
      """)

  @Argument(help: ArgumentHelp("Run directories.", valueName: "run"))
  var runs: [String]
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the page.", valueName: "file.html"))
  var output: String?

  public init() {}

  public func validate() throws {
    if runs.isEmpty { throw ValidationError("name a run directory") }
  }

  public func run() throws {
    let records = try runs.map { run throws(Failure) in try RunRecords(run) }
    let path = output ?? (runs.count == 1 ? RunPaths(runs[0]).report : "comparison.html")
    try ReportPage(records).write(to: path, at: TimeSource.system.utc())
    Console(style: ConsoleStyle(environment: ProcessInfo.processInfo.environment)).line(path)
  }
}
