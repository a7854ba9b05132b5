/// The last words of a run: how it went, where everything is, and what to do next.
///
///     completed: 1175 of 1175 steps, 5 epochs, in 3 min
///     best epoch 4, test acc 0.756
///     saved 5 checkpoints of 0.5 MB in 0.1 s beside training,
///       which waited 0.001 s for copies and 0.000 s for the disk
///     run directory runs/lenet-1
///       results.csv    one row an epoch
///     evaluate: cnn-dist evaluate runs/lenet-1/checkpoints/best
public struct RunSummary: Equatable, Sendable {
  public var state: RunStatus.State
  /// Steps done, and those that the run was to do.
  public var step: Int
  public var steps: Int
  /// Complete epochs.
  public var epochs: Int
  /// Of this job, not of the jobs that it resumed.
  public var seconds: Double
  public var bestEpoch: Int?
  public var bestAccuracy: Double?
  /// What the checkpoints of this job cost; nil where it saved none.
  public var saving: Saving?
  public var paths: RunPaths
  /// Whether there are event files for TensorBoard.
  public var hasEvents: Bool
  /// Commands to go on with, each with a word for what it does, as in `evaluate`.
  public var commands: [Command]

  public struct Command: Equatable, Sendable {
    public var purpose: String
    public var command: String

    public init(_ purpose: String, _ command: String) {
      self.purpose = purpose
      self.command = command
    }
  }

  public struct Saving: Equatable, Sendable {
    public var checkpoints: Int
    /// Of one checkpoint's tensors.
    public var bytes: Int
    /// How long all saves took beside training.
    public var seconds: Double
    /// How long training waited for copies of the tensors, and beyond that for saves that were not done.
    public var copySeconds: Double
    public var stallSeconds: Double

    public init(checkpoints: Int, bytes: Int, seconds: Double, copySeconds: Double, stallSeconds: Double) {
      self.checkpoints = checkpoints
      self.bytes = bytes
      self.seconds = seconds
      self.copySeconds = copySeconds
      self.stallSeconds = stallSeconds
    }

    var text: String {
      "saved \(checkpoints == 1 ? "1 checkpoint" : "\(checkpoints) checkpoints") of \(spokenBytes(bytes)) in "
        + "\(fixed(seconds, 1)) s beside training,\n  which waited \(fixed(copySeconds, 3)) s for copies and "
        + "\(fixed(stallSeconds, 3)) s for the disk"
    }
  }

  public init(
    state: RunStatus.State, step: Int, steps: Int, epochs: Int, seconds: Double, bestEpoch: Int? = nil,
    bestAccuracy: Double? = nil, saving: Saving? = nil, paths: RunPaths, hasEvents: Bool = false,
    commands: [Command] = []
  ) {
    self.state = state
    self.step = step
    self.steps = steps
    self.epochs = epochs
    self.seconds = seconds
    self.bestEpoch = bestEpoch
    self.bestAccuracy = bestAccuracy
    self.saving = saving
    self.paths = paths
    self.hasEvents = hasEvents
    self.commands = commands
  }

  public var text: String {
    let whole = epochs == 0 ? "" : epochs == 1 ? ", 1 epoch" : ", \(epochs) epochs"
    var lines = ["\(state.rawValue): \(step) of \(steps) steps\(whole), in \(spokenDuration(seconds))"]
    if let bestEpoch, let bestAccuracy {
      lines.append("best epoch \(bestEpoch), test acc \(fixed(bestAccuracy, 3))")
    }
    if let saving { lines.append(saving.text) }
    lines += [
      "run directory \(paths.directory)",
      bestEpoch == nil
        ? "  checkpoints/   last is a link to the newest" : "  checkpoints/   best and last are links",
      "  metrics.jsonl  loss, accuracy and speed, step by step",
      "  results.csv    one row an epoch",
      "  report.html    curves, mistakes, times: open it in a browser",
    ]
    if hasEvents {
      lines.append("  tensorboard/   curves and mistakes: tensorboard --logdir \(paths.directory)")
    }
    return (lines + commands.map { "\($0.purpose): \($0.command)" }).joined(separator: "\n")
  }
}
