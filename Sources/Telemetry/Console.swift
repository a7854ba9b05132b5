import Failures
import Threads

/// The voice of the run: rank 0's console. Other ranks have a silent one.
///
/// On a terminal a bar is redrawn in place, at most ten times a second; elsewhere a plain line comes every ten seconds.
/// Between two of them a step costs a look at the clock: nothing is formatted and nothing allocated. Any thread may
/// speak; control characters in what it says are written out.
public final class Console: Sendable {
  /// Seconds between two drawings of the bar.
  public static let barInterval = 0.1
  /// Seconds between two plain lines.
  public static let lineInterval = 10.0

  private struct State {
    var plan: RunPlan?
    var pace: Pace?
    /// When the next progress may be shown.
    var due = 0.0
    /// The bar stands on the terminal's last line.
    var isDrawn = false
  }

  private let style: ConsoleStyle
  private let output: (any ConsoleSink)?
  private let errors: (any ConsoleSink)?
  private let time: TimeSource
  private let state = Monitor(State())

  /// - Parameters:
  ///   - output: where progress and results go.
  ///   - errors: where warnings and errors go.
  public init(
    style: ConsoleStyle, output: any ConsoleSink = DescriptorSink.standardOutput,
    errors: any ConsoleSink = DescriptorSink.standardError, time: TimeSource = .system
  ) {
    self.style = style
    self.output = style.isQuiet ? nil : output
    self.errors = errors
    self.time = time
  }

  private init() {
    style = ConsoleStyle(drawsBar: false, usesColor: false, usesUnicode: false, isQuiet: true)
    output = nil
    errors = nil
    time = .system
  }

  /// Says nothing: the console of every rank but the coordinator.
  public static let silent = Console()

  /// Sets what is ahead and starts to measure speed; call it right before the first step.
  public func begin(_ plan: RunPlan) {
    guard output != nil else { return }
    let now = time.monotonic()
    state.update {
      $0.plan = plan
      $0.pace = Pace(plan, at: now)
      $0.due = now + (terminalColumns == nil ? Self.lineInterval : 0)
    }
  }

  /// Whether the next ``step(_:)`` will show something, for a caller whose loss or accuracy costs something to get.
  public var isDue: Bool {
    guard output != nil else { return false }
    let now = time.monotonic()
    return state.read { $0.plan != nil && now >= $0.due }
  }

  /// Counts a step and shows it if it is time to.
  public func step(_ progress: StepProgress) {
    guard let output else { return }
    let now = time.monotonic()
    state.update { state in
      state.pace?.step(images: progress.images, at: now)
      guard now >= state.due, let plan = state.plan, let pace = state.pace else { return }
      if let columns = terminalColumns {
        let bar = ProgressBar(style: style, plan: plan).render(progress, pace, columns: columns)
        output.write("\r\(bar)\u{1B}[K")
        state.isDrawn = true
        state.due = now + Self.barInterval
      } else {
        output.write(Self.plainLine(progress, plan, pace))
        state.due = now + Self.lineInterval
      }
    }
  }

  /// Shows on a terminal what goes on between steps, as in `evaluating`, until something else is shown.
  public func activity(_ text: String) {
    guard let output, let columns = terminalColumns else { return }
    state.update { state in
      output.write("\r\(printable(text).prefix(max(0, columns - 1)))\u{1B}[K")
      state.isDrawn = true
    }
  }

  /// Prints the line of an epoch, in the words of the notebooks; call it when its evaluation is done.
  public func epoch(_ result: EpochResult) {
    guard let output else { return }
    let now = time.monotonic()
    state.update { state in
      state.pace?.endEpoch(at: now)
      output.write(clearing(&state) + Self.epochLine(result) + "\n")
    }
  }

  /// Prints a text of one or more lines on standard output.
  public func line(_ text: String) {
    guard let output else { return }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      printable(String($0)) + "\n"
    }
    state.update { output.write(clearing(&$0) + lines.joined()) }
  }

  /// Prints a warning on standard error, also when quiet, and a line for each detail.
  public func warning(_ text: String, details: [String] = []) { complain("warning", text, details) }

  /// Prints why the run cannot go on, also when quiet: `cnn-dist: error: <what> (<where>); <what to do>`.
  public func error(_ failure: Failure) { complain("error", failure.description, failure.details) }

  /// Takes the bar away, before something else writes to the terminal.
  public func clear() {
    guard let output else { return }
    state.update { state in
      if state.isDrawn { output.write(clearing(&state)) }
    }
  }

  /// `epoch 1, loss 1.8508, train acc 0.317, test acc 0.587, time 31.0 sec`; without the test where there was none.
  public static func epochLine(_ result: EpochResult) -> String {
    let test = result.testAccuracy.map { ", test acc \(fixed($0, 3))" } ?? ""
    return "epoch \(result.epoch), loss \(fixed(Double(result.loss), 4)), "
      + "train acc \(fixed(result.trainAccuracy, 3))\(test), time \(fixed(Double(result.seconds), 1)) sec"
  }

  private static func plainLine(_ progress: StepProgress, _ plan: RunPlan, _ pace: Pace) -> String {
    "step \(progress.step)/\(plan.steps), epoch \(progress.epoch)\(pace.rateText), "
      + "loss \(fixed(Double(progress.loss), 4)), acc \(fixed(Double(progress.accuracy), 3))"
      + "\(pace.runLeftText(after: progress))\n"
  }

  private func complain(_ kind: String, _ text: String, _ details: [String] = []) {
    guard let errors else { return }
    state.update { state in
      if state.isDrawn { output?.write(clearing(&state)) }
      let lines = ["cnn-dist: \(kind): \(printable(text))"] + details.map { "  \(printable($0))" }
      errors.write(lines.joined(separator: "\n") + "\n")
    }
  }

  /// What takes the bar away, if there is one.
  private func clearing(_ state: inout State) -> String {
    defer { state.isDrawn = false }
    return state.isDrawn ? "\r\u{1B}[K" : ""
  }

  /// The width to draw in; nil where lines are plain.
  private var terminalColumns: Int? { style.drawsBar ? output?.columns : nil }
}
