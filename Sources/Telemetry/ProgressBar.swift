/// Renders a line of progress that fits a terminal.
///
///     epoch 1/10 ━━━━━━━━━━╸───────── step  120/2350, loss 0.9607, acc 0.622, 3 min left (epoch 6 s), 5230 images/s
///
/// The bar is the epoch; it takes the room that is left, between 4 and 40 columns. A narrow terminal loses, in this
/// order: the epoch's time left, the epoch, images/s, the run's time left, accuracy, loss, the bar.
struct ProgressBar: Sendable {
  var style: ConsoleStyle
  var plan: RunPlan

  private static let narrowest = 4
  private static let widest = 40

  /// The line, at most `columns - 1` wide: a terminal wraps when its last column is written.
  func render(_ progress: StepProgress, _ pace: Pace, columns: Int) -> String {
    let room = max(0, columns - 1)
    let step = "step \(padded(progress.step, to: String(plan.steps).count))/\(plan.steps)"
    guard step.count <= room else { return String("\(progress.step)".prefix(room)) }
    guard step.count + 1 + Self.narrowest <= room else { return step }

    // From what matters most to what matters least; the first that does not fit ends the list.
    let loss: String = ", loss \(fixed(Double(progress.loss), 4))"
    let accuracy: String = ", acc \(fixed(Double(progress.accuracy), 3))"
    let name: String = "epoch \(progress.epoch)/\(plan.epochs) "
    let parts: [String] = [
      loss, accuracy, pace.runLeftText(after: progress), pace.rateText, name,
      // Of the only epoch it is the run's.
      plan.epochs > 1 ? pace.epochLeftText(after: progress) : "",
    ]
    var used = Self.narrowest + 1 + step.count
    var shown = [String](repeating: "", count: parts.count)
    for (index, part) in parts.enumerated() {
      guard used + part.count <= room else { break }
      used += part.count
      shown[index] = part
    }
    let details = [step, shown[0], shown[1], shown[2], shown[5], shown[3]].joined()
    let width = min(Self.widest, Self.narrowest + room - used)
    return "\(shown[4])\(bar(progress, width: width)) \(details)"
  }

  private func bar(_ progress: StepProgress, width: Int) -> String {
    let start = plan.end(of: progress.epoch - 1)
    let length = max(1, plan.end(of: progress.epoch) - start)
    let done = min(max(0, progress.step - start), length)
    let (full, half, empty) = style.usesUnicode ? ("━", "╸", "─") : ("=", ">", "-")
    let halves = 2 * width * done / length
    let filled = halves / 2
    // ASCII has no half character: its arrow stands before whatever is not done yet.
    let head = filled < width && (style.usesUnicode ? halves % 2 == 1 : true) ? half : ""
    let rest = String(repeating: empty, count: width - filled - head.count)
    let line = String(repeating: full, count: filled) + head
    return style.usesColor ? "\u{1B}[32m\(line)\u{1B}[0m\u{1B}[2m\(rest)\u{1B}[0m" : line + rest
  }
}
