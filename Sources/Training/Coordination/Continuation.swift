import Telemetry

/// What a user types to go on with a run: its own command with its directory and `--resume auto`. Environment variables
/// and mpirun's own options, which the program does not see, are the user's to add.
public struct Continuation: Equatable, Sendable {
  /// After a stop: to the same end.
  public let afterStop: String
  /// After the end: further.
  public let afterEnd: String
  /// After an early end for want of better accuracy: with more patience.
  public let afterEarlyEnd: String

  /// - Parameters:
  ///   - command: the run's command line, the program first.
  ///   - ranks: as many as mpirun started; nil without MPI.
  public init(_ command: [String], settings: TrainingSettings, run: String, ranks: Int?) {
    let launcher = ranks.map { "mpirun -n \($0) " } ?? ""
    let length = settings.maxSteps == nil ? "--epochs" : "--max-steps"
    func line(without replaced: [String]) -> String {
      let words = Self.words(command.dropFirst(), without: ["--run", "--resume"] + replaced)
      return "\(launcher)cnn-dist \(words.joined(separator: " ")) --run \(shellWord(run)) --resume auto"
    }
    afterStop = line(without: [])
    afterEnd = line(without: [length]) + " \(length) N"
    afterEarlyEnd = line(without: ["--early-stopping"]) + " --early-stopping N"
  }

  /// What was meant for one start alone.
  private static let flags = ["--override", "--force-unlock"]

  /// The words but those options, with their values.
  private static func words(_ words: ArraySlice<String>, without options: [String]) -> [String] {
    var kept: [String] = []
    var skipsValue = false
    for word in words {
      if skipsValue {
        skipsValue = false
      } else if options.contains(word) {
        skipsValue = true
      } else if Self.flags.contains(word) {
        continue
      } else if !options.contains(where: { word.hasPrefix("\($0)=") }) {
        kept.append(shellWord(word))
      }
    }
    return kept
  }
}
