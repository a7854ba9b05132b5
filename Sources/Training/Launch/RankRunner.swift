import Collectives
import Failures
import InstructionSets
import Kernels
import Telemetry
import Threads

/// Starts the ranks of a job: this process's one rank under mpirun, or all of them as threads where there is no MPI.
public struct RankRunner: Sendable {
  private let launch: LaunchEnvironment
  private let environment: [String: String]
  private let inProcessRanks: Int?
  private let threads: Int?
  private let gemm: ProductChoice
  private let startLimit: Int
  private let console: Console

  /// - Parameters:
  ///   - ranks: how many ranks to run as threads of this process (`--ranks`); nil for one, or for what mpirun started.
  ///   - threads: threads a rank; nil divides the processors among the ranks of the machine.
  ///   - gemm: whose matrix products the ranks use.
  ///   - startLimit: seconds after which the ranks of mpirun must have met; 0 for any time.
  ///   - console: where errors go.
  public init(
    ranks: Int?, threads: Int?, gemm: ProductChoice = .own, startLimit: Int = 120,
    environment: [String: String], console: Console
  ) throws(Failure) {
    launch = try LaunchEnvironment(environment)
    self.environment = environment
    inProcessRanks = ranks
    self.threads = threads
    self.gemm = gemm
    self.startLimit = startLimit
    self.console = console
    if launch.usesMPI, ranks != nil {
      throw Failure(
        .configuration, "ranks were asked for twice, of mpirun and of this process", at: "--ranks",
        advice: "leave --ranks out under mpirun")
    }
    if !launch.usesMPI { try launch.check(worldSize: 1) }
  }

  /// Runs `body` on every rank and returns this process's exit code.
  ///
  /// Where all ranks fail alike, all leave in good order, rank 0 says why, and rank 0 alone returns the code: another
  /// code than 0 makes mpirun kill the rest. Where one rank fails, it says why itself and ends the job.
  public func run(_ body: @escaping @Sendable (Rank) throws -> Void) -> Int32 {
    do {
      if launch.usesMPI { return try runUnderMPI(body) }
      return try runInProcess(inProcessRanks ?? 1, body)
    } catch {
      // Rank 0 may be the one that the others never met.
      if launch.rank == 0 || error.code == .peerLost { console.error(error) }
      return error.code.rawValue
    }
  }

  private func selectedKernels() throws(Failure) -> any KernelSet.Type {
    let kernels = try InstructionSets.selected(environment: environment)
    guard gemm == .openblas else { return kernels }
    guard let onOpenBLAS = kernels.onOpenBLAS else {
      throw Failure(
        .configuration, "the \(kernels.name) kernels multiply by themselves", at: "--gemm",
        advice: "leave --gemm out, or unset \(InstructionSets.variable)")
    }
    return onOpenBLAS
  }

  private func runUnderMPI(_ body: (Rank) throws -> Void) throws(Failure) -> Int32 {
    if launch.localRank == 0, let warning = SharedMemory.warning(ranks: launch.localSize) {
      console.warning(warning)
    }
    // Rank 0 speaks first, and the others where it does not.
    let seconds = startLimit == 0 ? 0 : startLimit + (launch.rank == 0 ? 0 : 5)
    let (communication, share) = try Meeting.within(seconds) { () throws(Failure) in
      let communication = try CommunicationThread(name: "mpi") { () throws(Failure) in try MPICommunicator() }
      return (communication, try communication.processorShare())
    }
    try launch.check(worldSize: communication.size)
    return run(
      body, on: communication, threads: threads ?? share, mpi: MPICommunicator.libraryVersion,
      abandon: { communication.abort($0) })
  }

  private func runInProcess(
    _ count: Int, _ body: @escaping @Sendable (Rank) throws -> Void
  ) throws(Failure) -> Int32 {
    let threads = threads ?? max(1, Processors.allowed().count / count)
    let codes = Monitor(Codes())
    let ranks = InProcessCommunicator.world(size: count).map { communicator in
      DedicatedThread(name: "rank \(communicator.rank)") {
        var code = ExitCode.internalError.rawValue
        do throws(Failure) {
          let communication = try CommunicationThread(name: "comm \(communicator.rank)") {
            () throws(Failure) in
            communicator
          }
          code = run(
            body, on: communication, threads: threads, mpi: "none",
            abandon: { code in
              communication.abort(code)
              codes.update { $0.abandoned = code.rawValue }
            })
        } catch {
          console.error(error)
        }
        codes.update { $0.all.append(code) }
      }
    }
    // A rank that is stuck will never be joined.
    let abandoned = codes.wait(
      until: { $0.all.count == count || $0.abandoned != nil }, then: { $0.abandoned })
    if let abandoned { return abandoned }
    for rank in ranks { rank.join() }
    // Ranks that lost the one that failed are not the cause.
    let lost = ExitCode.peerLost.rawValue
    return codes.read { codes in
      codes.all.first { $0 != 0 && $0 != lost } ?? codes.all.first { $0 != 0 } ?? 0
    }
  }

  /// How the ranks of this process ended.
  private struct Codes {
    var all: [Int32] = []
    /// Set where a rank gave up waiting for another.
    var abandoned: Int32?
  }

  private func run(
    _ body: (Rank) throws -> Void, on communication: CommunicationThread, threads: Int, mpi: String,
    abandon: @escaping @Sendable (Failures.ExitCode) -> Void
  ) -> Int32 {
    do {
      // The threads of a rank make calls of their own.
      BLAS.threads = 1
      do {
        let kernels = try Rank.together(communication) { () throws(Failure) in
          try selectedKernels()
        }
        try body(
          Rank(
            communication: communication, kernels: kernels, threads: threads, mpi: mpi, abandon: abandon))
      } catch let agreed as Agreed {
        try communication.close()
        guard communication.rank == 0 else { return 0 }
        if agreed.failure.code != .stopped { console.error(agreed.failure) }
        return agreed.failure.code.rawValue
      }
      try communication.close()
      return 0
    } catch {
      let failure = error as? Failure ?? Failure(.internalError, "\(error)", at: "rank \(communication.rank)")
      // Among threads, a rank that loses a peer is not the cause: the one that failed says why.
      if launch.usesMPI || failure.code != .peerLost { console.error(failure) }
      communication.abort(failure.code)
      return failure.code.rawValue
    }
  }
}
