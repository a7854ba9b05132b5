import ArgumentParser
import BuildRecord
import Collectives
import Failures
import Foundation
import InstructionSets
import Telemetry
import Training

/// The program: its subcommands, and how errors become exit codes.
public struct CNNDist: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "cnn-dist",
    abstract: "Trains convolutional networks on many ranks over MPI, on processors.",
    discussion: """
      Examples:
        cnn-dist doctor                              is this machine fit to train?
        cnn-dist train lenet                         a minute on two cores
        mpirun -n 4 cnn-dist train vgg11             four ranks over MPI
        cnn-dist train lenet --run r --resume auto   go on where r stopped
        cnn-dist evaluate r                          its test accuracy
        cnn-dist plan vgg11 --bandwidth 10Gbit       how long on 1 to 1024 ranks?
        cnn-dist help train                          every option
      """,
    version: Version.text,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ReportCommand.self, WatchCommand.self,
      ModelsCommand.self, SummaryCommand.self, ExportCommand.self, DataCommand.self, BenchCommand.self,
      PlanCommand.self, DoctorCommand.self, VerifyCommand.self,
    ])

  public init() {}

  /// Runs a command line and returns the exit code. Prints errors as one line, on rank 0 alone.
  public static func run(_ arguments: [String]) -> Int32 {
    StopRequest.install()
    let environment = ProcessInfo.processInfo.environment
    let console = Console(style: ConsoleStyle(environment: environment))
    let speaks = ((try? LaunchEnvironment(environment))?.rank ?? 0) == 0
    do {
      var command = try parseAsRoot(arguments)
      let runsOnEveryRank = (command as? any RankedCommand)?.runsOnEveryRank ?? false
      if speaks || runsOnEveryRank { try command.run() }
      return 0
    } catch let exit as Exit {
      return exit.code
    } catch let failure as Failure {
      if speaks { console.error(failure) }
      return leave(failure.code, speaks: speaks)
    } catch {
      // Help and version are errors to the parser, but not to the user.
      if exitCode(for: error) == .success {
        if speaks { console.line(fullMessage(for: error)) }
        return 0
      }
      // The parser knows which subcommand it was about.
      let help = fullMessage(for: error).firstMatch(of: /See '(cnn-dist .*--help)'/)?.1 ?? "cnn-dist --help"
      if speaks { console.error(Failure(.usage, message(for: error), advice: "see '\(help)'")) }
      return leave(.usage, speaks: speaks)
    }
  }

  /// The exit code of a process that fails before its ranks have met.
  ///
  /// mpirun ends the others as soon as one process fails: those that say nothing let rank 0 say why first.
  private static func leave(_ code: Failures.ExitCode, speaks: Bool) -> Int32 {
    if !speaks { Thread.sleep(forTimeInterval: 1) }
    return code.rawValue
  }
}

/// A command that the ranks of a job run together; of any other, rank 0 alone runs it.
protocol RankedCommand {
  var runsOnEveryRank: Bool { get }
}

/// A command's exit code where its ranks have already said what there is to say.
struct Exit: Error {
  let code: Int32

  static func with(_ code: Int32) throws {
    if code != 0 { throw Exit(code: code) }
  }
}

/// This program's version.
public enum Version {
  public static let current = "0.1.0"

  /// What `--version` prints: version and commit, the instruction sets that were compiled in, and the MPI library that it was
  /// compiled with.
  static var text: String {
    let sets = InstructionSet.allCases.filter { $0 != .reference }.map(\.rawValue)
    return
      "cnn-dist \(current) (commit \(BuildRecord.commit ?? "unknown")), \(sets.joined(separator: " and ")), "
      + MPICommunicator.compiledVersion
  }
}
