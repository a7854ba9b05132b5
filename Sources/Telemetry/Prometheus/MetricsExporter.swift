import Failures
import Files
import Glibc
import Threads

/// Shows how a run stands to monitoring, from a thread of its own: in a file that is replaced every few seconds, for
/// node_exporter's textfile collector, and, where asked for, over HTTP. The training thread only stores numbers.
///
/// A few hundred bytes to one reader every few seconds need neither connections kept open nor an event loop, so these are
/// plain sockets, one request at a time, instead of a network library. A reader that dawdles keeps others waiting for
/// ``MetricsServer/patience``, and training never.
public final class MetricsExporter: Sendable {
  /// Seconds between two writings of the file.
  public static let fileInterval = 5.0

  private struct State {
    var metrics = LiveMetrics()
    var isNew = true
  }

  private let state: Monitor<State>
  private let thread: Monitor<DedicatedThread?>
  /// Written to end the thread.
  private let ending: Int32
  /// Where the numbers are served; nil where they are not.
  public let address: String?

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - metrics: how the run stands.
  ///   - file: replaced in one step each time, the last time when the exporter closes.
  ///   - server: answers over HTTP; nil for the file alone.
  ///   - report: told what goes wrong, once, from another thread; training goes on without.
  public init(
    _ metrics: LiveMetrics, model: String, run: String, file: String, server: MetricsServer?,
    report: @escaping @Sendable (Failure) -> Void
  ) {
    var pipe: [Int32] = [-1, -1]
    precondition(Glibc.pipe(&pipe) == 0, "the system has no room for a pipe")
    for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (ended, ending) = (pipe[0], pipe[1])
    self.ending = ending
    let state = Monitor(State(metrics: metrics))
    self.state = state
    address = server?.address
    let listener = server?.listener
    thread = Monitor(
      DedicatedThread(name: "metrics") {
        var writer = FileWriter(path: file, text: PrometheusText(model: model, run: run), report: report)
        Self.serve(state, listener, until: ended, &writer)
        Glibc.close(ended)
        if let listener { Glibc.close(listener) }
      })
  }

  /// Changes the numbers; allocates nothing.
  public func update(_ change: (inout LiveMetrics) -> Void) {
    state.update {
      change(&$0.metrics)
      $0.isNew = true
    }
  }

  /// Ends the thread; the file then has the last numbers. Does nothing the second time.
  public func close() {
    guard let thread = thread.update({ $0.take() }) else { return }
    Glibc.close(ending)
    thread.join()
  }

  deinit { close() }

  private static func serve(
    _ state: Monitor<State>, _ listener: Int32?, until ended: Int32, _ writer: inout FileWriter
  ) {
    var due = 0.0
    var isEnding = false
    while !isEnding {
      let now = TimeSource.system.monotonic()
      if now >= due {
        writer.write(state)
        due = now + fileInterval
      }
      var waited = [pollfd(fd: ended, events: Int16(POLLIN), revents: 0)]
      if let listener { waited.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
      _ = poll(&waited, nfds_t(waited.count), Int32(max(1, (due - now) * 1000)))
      isEnding = waited[0].revents != 0
      if let listener, waited[1].revents != 0 {
        MetricsServer.answer(listener) { () -> [UInt8] in
          writer.text.render(state.read { $0.metrics })
          return writer.text.bytes
        }
      }
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
