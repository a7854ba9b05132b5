import ArgumentParser
import Collectives
import Failures
import Foundation
import Telemetry
import Training

/// `cnn-dist doctor`.
struct DoctorCommand: ParsableCommand, RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Look whether this machine, or this job, is fit to train.",
    discussion: """
      Looks at MPI, processors and binding, BLAS, shared memory, data and clocks,
      and measures each rank and each pair of ranks. Ends with the mpirun line to
      use. The exit code is 0 unless something must be mended first.

      Examples:
        cnn-dist doctor                              this machine
        mpirun --hostfile hosts -n 8 cnn-dist doctor    machines and network
      """)

  @Option(help: ArgumentHelp("Directory of the data files.", valueName: "dir"))
  var data: String?
  @Flag(help: "Print JSON.")
  var json = false

  var runsOnEveryRank: Bool { true }

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let console = Console(style: ConsoleStyle(environment: environment))
    let usesMPI = try LaunchEnvironment(environment).usesMPI
    let runner = try RankRunner(ranks: nil, threads: nil, environment: environment, console: console)
    let (data, json) = (data, json)
    try Exit.with(
      runner.run { rank in
        var own = try DoctorRank(rank, data: data, environment: environment)
        if !usesMPI { own.mpi = MPICommunicator.libraryVersion }
        let texts = try rank.communication.gatherTexts(
          String(decoding: try JSONEncoder().encode(own), as: UTF8.self))
        let ranks = try texts.map { try JSONDecoder().decode(DoctorRank.self, from: Data($0.utf8)) }
        let links = try DoctorLink.measure(rank.communication, hosts: ranks.map(\.host))
        let rules = DoctorRules(
          ranks: ranks, links: links, compiledMPI: MPICommunicator.compiledVersion, usesMPI: usesMPI,
          hasMPIRun: Self.isOnPath("mpirun", environment))
        let checks = rules.checks
        if rank.isCoordinator {
          let report = DoctorReport(checks: checks, ranks: ranks, links: links, command: rules.command)
          print(json ? try Command.json(report) : report.text, terminator: json ? "\n" : "")
        }
        guard let first = checks.first(where: { $0.verdict == .bad }) else { return }
        let code = first.code.flatMap(Failures.ExitCode.init) ?? .configuration
        throw Agreed(
          failure: Failure(code, "\(first.name): \(first.found)", at: "doctor", advice: first.advice))
      })
  }

  private static func isOnPath(_ program: String, _ environment: [String: String]) -> Bool {
    (environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
  }
}
