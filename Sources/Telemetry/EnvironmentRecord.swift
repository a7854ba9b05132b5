import Failures

/// What a run ran on and how it was started: the content of `environment.json`.
public struct EnvironmentRecord: Codable, Equatable, Sendable {
  /// Version of this program.
  public var version: String
  /// The command line, word by word.
  public var command: [String]
  /// The working directory, from which paths of the command line go; nil in records of before it was kept.
  public var directory: String?
  /// When the job started, UTC.
  public var started: String
  public var ranks: Int
  /// The host of each rank, in rank order.
  public var hosts: [String]
  public var threadsPerRank: Int
  /// The one that the kernels were chosen for, as in `x86-64-v4`.
  public var instructionSet: String
  /// The BLAS library with its version and kernel, as in `OpenBLAS 0.3.21 SkylakeX`.
  public var blas: String
  /// The MPI library with its version; `none` in a single process.
  public var mpi: String
  /// Variables that change what is computed or how fast.
  public var variables: [String: String]
  /// The coordinator's machine.
  public var machine: MachineFacts

  private enum CodingKeys: String, CodingKey {
    case version, command, directory, started, ranks, hosts, blas, mpi, variables, machine
    case threadsPerRank = "threads_per_rank"
    case instructionSet = "instruction_set"
  }

  public init(
    version: String, command: [String], directory: String?, started: String, ranks: Int, hosts: [String],
    threadsPerRank: Int,
    instructionSet: String, blas: String, mpi: String, variables: [String: String],
    machine: MachineFacts = .current
  ) {
    self.version = version
    self.command = command
    self.directory = directory
    self.started = started
    self.ranks = ranks
    self.hosts = hosts
    self.threadsPerRank = threadsPerRank
    self.instructionSet = instructionSet
    self.blas = blas
    self.mpi = mpi
    self.variables = variables
    self.machine = machine
  }

  /// Those of the process's variables that a record keeps. Only known prefixes: an environment holds secrets too.
  public static func relevant(_ environment: [String: String]) -> [String: String] {
    let prefixes = [
      "CNN_DIST_", "GOTO_", "OMP_", "OPENBLAS_", "OMPI_MCA_btl", "OMPI_MCA_coll", "OMPI_MCA_pml",
      "OMPI_COMM_WORLD_",
      "SLURM_CPUS_", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "SLURM_NTASKS",
    ]
    return environment.filter { variable in prefixes.contains { variable.key.hasPrefix($0) } }
  }

  /// - Throws: `inputOutput`.
  public func write(to path: String) throws(Failure) { try writeJSON(self, to: path) }

  /// - Throws: `missingInput`, `badData`, `inputOutput`.
  public static func read(_ path: String) throws(Failure) -> EnvironmentRecord {
    try readJSON(EnvironmentRecord.self, from: path)
  }
}
