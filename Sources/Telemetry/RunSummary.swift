/// The last words of a run: how it went, where everything is, and what to do next.
///
///     completed: 1175 of 1175 steps, 5 epochs, in 3 min
///     best epoch 4, test acc 0.756
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
  public var paths: RunPaths
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

  public init(
    state: RunStatus.State, step: Int, steps: Int, epochs: Int, seconds: Double, bestEpoch: Int? = nil,
    bestAccuracy: Double? = nil, paths: RunPaths, commands: [Command] = []
  ) {
    self.state = state
    self.step = step
    self.steps = steps
    self.epochs = epochs
    self.seconds = seconds
    self.bestEpoch = bestEpoch
    self.bestAccuracy = bestAccuracy
    self.paths = paths
    self.commands = commands
  }

  public var text: String {
    let whole = epochs == 0 ? "" : epochs == 1 ? ", 1 epoch" : ", \(epochs) epochs"
    var lines = ["\(state.rawValue): \(step) of \(steps) steps\(whole), in \(spokenDuration(seconds))"]
    if let bestEpoch, let bestAccuracy {
      lines.append("best epoch \(bestEpoch), test acc \(fixed(bestAccuracy, 3))")
    }
    lines += [
      "run directory \(paths.directory)",
      bestEpoch == nil
        ? "  checkpoints/   last is a link to the newest" : "  checkpoints/   best and last are links",
      "  metrics.jsonl  loss, accuracy and speed, step by step",
      "  results.csv    one row an epoch",
    ]
    return (lines + commands.map { "\($0.purpose): \($0.command)" }).joined(separator: "\n")
  }
}
