import Failures
import Files
import Glibc
import HTTP
import Threads

/// Shows how a run stands to monitoring: in a file that is replaced every few seconds, for node_exporter's textfile collector,
/// and, where asked for, over HTTP, each from a thread of its own. The training thread only stores numbers.
public final class MetricsExporter: Sendable {
  /// Seconds between two writings of the file.
  public static let fileInterval = 5.0

  private struct State {
    var metrics: LiveMetrics
    var isNew = true
  }

  private let state: Monitor<State>
  /// Empty, with its labels.
  private let text: PrometheusText
  private let thread: Monitor<DedicatedThread?>
  private let server = Monitor<HTTPServer?>(nil)
  /// Written to end the thread.
  private let ending: Int32

  /// Starts the thread that writes the file.
  ///
  /// - Parameters:
  ///   - metrics: how the run stands.
  ///   - file: replaced in one step each time, the last time when the exporter closes.
  ///   - report: told what goes wrong, once, from another thread; training goes on without.
  public init(
    _ metrics: LiveMetrics, model: String, run: String, file: String,
    report: @escaping @Sendable (Failure) -> Void
  ) {
    var pipe: [Int32] = [-1, -1]
    precondition(Glibc.pipe(&pipe) == 0, "the system has no room for a pipe")
    for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (ended, ending) = (pipe[0], pipe[1])
    self.ending = ending
    let state = Monitor(State(metrics: metrics))
    self.state = state
    let text = PrometheusText(model: model, run: run)
    self.text = text
    thread = Monitor(
      DedicatedThread(name: "metrics") {
        var writer = FileWriter(path: file, text: text, report: report)
        Self.write(state, until: ended, &writer)
        Glibc.close(ended)
      })
  }

  /// Serves the numbers over HTTP too, until the exporter closes.
  ///
  /// - Parameters:
  ///   - host: a name or an address of this machine.
  ///   - port: 0 for any that is free.
  /// - Returns: where they can be asked for: `http://127.0.0.1:9464/metrics`.
  /// - Throws: `cannotWrite` where the address cannot be used.
  public func serve(host: String, port: UInt16) throws(Failure) -> String {
    let server = try HTTPServer(
      host: host, port: Int(port), options: .init(host: "--metrics-host", port: "--metrics-port")
    ) { [state, text] request in
      guard request.path == "/metrics" else {
        return HTTPResponse(.notFound, "the metrics are at /metrics\n")
      }
      var text = text
      text.render(state.read { $0.metrics })
      return HTTPResponse(contentType: PrometheusText.contentType, body: text.bytes)
    }
    self.server.update { $0 = server }
    return printable("\(server.url)metrics")
  }

  /// Changes the numbers; allocates nothing.
  public func update(_ change: (inout LiveMetrics) -> Void) {
    state.update {
      change(&$0.metrics)
      $0.isNew = true
    }
  }

  /// Ends the threads; the file then has the last numbers. Does nothing the second time.
  public func close() {
    server.update { $0.take() }?.stop()
    guard let thread = thread.update({ $0.take() }) else { return }
    Glibc.close(ending)
    thread.join()
  }

  /// Ends the threads without writing the file once more: it is another job's now.
  public func abandon() {
    state.update { $0.isNew = false }
    close()
  }

  deinit { close() }

  /// Allocates nothing but where it writes.
  private static func write(_ state: Monitor<State>, until ended: Int32, _ writer: inout FileWriter) {
    var end = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
    while end.revents == 0 {
      writer.write(state)
      _ = poll(&end, 1, Int32(fileInterval * 1000))
    }
    writer.write(state)
  }

  /// The file, and what has been said about it.
  private struct FileWriter {
    let path: String
    var text: PrometheusText
    let report: @Sendable (Failure) -> Void
    var hasFailed = false

    mutating func write(_ state: Monitor<State>) {
      let new = state.update { state in
        defer { state.isNew = false }
        return state.isNew ? state.metrics : nil
      }
      guard let new else { return }
      text.render(new)
      do throws(Failure) {
        try AtomicFile.write(to: path, code: .inputOutput) { [text] file throws(Failure) in
          try file.write(text.bytes)
        }
      } catch {
        if !hasFailed { report(error) }
        hasFailed = true
      }
    }
  }
}
