import ArgumentParser
import Failures
import Foundation
import HTTP
import Reports
import Telemetry
import Threads
import Training

/// `cnn-dist watch RUN`.
public struct WatchCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Show a run while it goes on, in a browser or in the terminal.",
    discussion: """
      Examples:
        cnn-dist watch runs/lenet-1                 prints where to point a browser
        cnn-dist watch runs/lenet-1 --port 8080
        cnn-dist watch runs/lenet-1 --text          in the terminal, till the run ends

      The page is that of `cnn-dist report`, and keeps itself up to date. It is for
      this machine alone; from elsewhere: ssh -L 8080:127.0.0.1:8080 HOST.
      """)

  @Argument(help: ArgumentHelp("A run directory.", valueName: "run"))
  var directory: String
  @Option(help: ArgumentHelp("Port on 127.0.0.1; 0 for any that is free.", valueName: "n"))
  var port = 0
  @Flag(help: "Show it in the terminal; where that is none, once.")
  var text = false

  public init() {}

  public func validate() throws {
    if !(0...65535).contains(port) { throw ValidationError("--port must be from 0 to 65535") }
  }

  public func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let style = ConsoleStyle(environment: environment)
    var follower = RunFollower(directory)
    let first = try follower.records()
    if text { return try show(first, &follower, style) }
    let run = Monitor(follower)
    let server = try HTTPServer(port: port) { Self.respond(to: $0, about: run) }
    Console(style: style).line("\(server.url) shows \(first.name); Ctrl-C ends it")
    while !StopRequest.isPending { Thread.sleep(forTimeInterval: 0.1) }
    server.stop()
  }

  private static func respond(to request: HTTPRequest, about run: Monitor<RunFollower>) -> HTTPResponse {
    guard request.path == "/" || request.path == "/content" else { return HTTPResponse(.notFound) }
    do throws(Failure) {
      let page = ReportPage([try run.records()])
      return HTTPResponse(
        contentType: "text/html", request.path == "/" ? page.liveDocument() : page.content)
    } catch {
      // A run may be moved away while it is watched: the page says so and goes on to ask.
      return HTTPResponse(.internalError, "\(error)\n")
    }
  }

  /// Draws the run again every second until it has ended.
  private func show(_ first: RunRecords, _ follower: inout RunFollower, _ style: ConsoleStyle) throws {
    var run = first
    guard style.drawsBar, isatty(STDOUT_FILENO) == 1 else {
      print(WatchText(run: run, style: style).text)
      return
    }
    while true {
      // Home, then each line with what was behind it cleared, then all below: nothing flickers.
      let lines = WatchText(run: run, style: style).text.split(
        separator: "\n", omittingEmptySubsequences: false)
      print("\u{1B}[H" + lines.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J", terminator: "")
      fflush(nil)
      guard run.isRunning, !StopRequest.isPending else { return }
      Thread.sleep(forTimeInterval: 1)
      run = try follower.records()
    }
  }
}

extension Monitor<RunFollower> {
  fileprivate func records() throws(Failure) -> RunRecords {
    try update { follower in Result { () throws(Failure) in try follower.records() } }.get()
  }
}
