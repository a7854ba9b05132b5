import Failures

/// How this process was started, read from its environment before MPI is.
///
/// Open MPI's `mpirun` sets `OMPI_COMM_WORLD_*`, a launcher with PMIx (`srun --mpi=pmix`) `PMIX_RANK`, others `PMI_*`;
/// Slurm adds `SLURM_*` whether or not it speaks to MPI.
public struct LaunchEnvironment: Equatable, Sendable {
  /// Whether a launcher that MPI knows started this process; without one it is alone and needs no MPI.
  public let usesMPI: Bool
  /// This process among those that were started together: rank 0 alone speaks about errors before MPI runs.
  public let rank: Int
  /// Processes that were started together, as far as the launcher says.
  public let size: Int
  public let localRank: Int
  /// Ranks on this machine, as far as the launcher says.
  public let localSize: Int
  private let slurmTasks: Int

  /// - Throws: `Failure(.configuration)` when a variable that should hold a number does not.
  public init(_ environment: [String: String]) throws(Failure) {
    func number(_ names: String...) throws(Failure) -> Int? {
      for name in names {
        guard let text = environment[name] else { continue }
        guard let value = Int(text), value >= 0 else {
          throw Failure(.configuration, "expected a number in the environment, found \"\(text)\"", at: name)
        }
        return value
      }
      return nil
    }
    let launched = try number("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")
    let slurmRank = try number("SLURM_PROCID")
    slurmTasks = try number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS") ?? 1
    usesMPI = launched != nil
    // Slurm without PMIx: every process will be rank 0 of 1 to MPI, yet only one of them should say so.
    rank = launched ?? slurmRank ?? 0

    let declared = try number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
    size = declared ?? (launched == nil ? 1 : slurmTasks)
    localRank = try number("OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID") ?? 0
    let local = try number("OMPI_COMM_WORLD_LOCAL_SIZE")
    let node = try number("SLURM_NODEID") ?? 0
    let tasksPerNode = environment["SLURM_STEP_TASKS_PER_NODE"] ?? environment["SLURM_TASKS_PER_NODE"]
    let onNode = launched == nil ? nil : tasksPerNode.flatMap { tasksOnNode(node, of: $0) }
    localSize = max(1, local ?? onNode ?? 1)
  }

  /// Checks that MPI's world is the one that was started.
  ///
  /// - Parameter worldSize: ranks of MPI's world; 1 where MPI is not used.
  /// - Throws: `Failure(.configuration)` when several processes were started and each would train alone.
  public func check(worldSize: Int) throws(Failure) {
    if slurmTasks > 1, worldSize == 1 {
      throw Failure(
        .configuration, "Slurm started \(slurmTasks) tasks, but MPI sees only one: each would train alone",
        at: "SLURM_NTASKS=\(slurmTasks)",
        advice: "start it with mpirun or srun --mpi=pmix; to run one process on purpose, unset SLURM_NTASKS")
    }
    if usesMPI, size > 1, worldSize != size {
      throw Failure(
        .configuration, "the launcher started \(size) ranks, but MPI sees \(worldSize)",
        advice: "use the mpirun of the MPI library that the program is linked with")
    }
  }

  /// Threads that each rank of this machine can use.
  ///
  /// - Parameter cores: processors that the ranks of this machine may use together. Where the launcher pins ranks, they
  ///   are not the same for each: `Communicator.processorShare()` takes that into account.
  public func threadsPerRank(cores: Int) -> Int { max(1, cores / localSize) }
}

/// Reads Slurm's run-length list: `2(x3),1` is 2 tasks on nodes 0 to 2 and 1 on node 3.
private func tasksOnNode(_ node: Int, of list: String) -> Int? {
  var next = 0
  for entry in list.split(separator: ",") {
    let parts = entry.split(separator: "(")
    guard let tasks = parts.first.flatMap({ Int($0) }) else { return nil }
    var nodes = 1
    if parts.count > 1 {
      guard parts[1].hasPrefix("x"), parts[1].hasSuffix(")"), let count = Int(parts[1].dropFirst().dropLast())
      else { return nil }
      nodes = count
    }
    next += nodes
    if node < next { return tasks }
  }
  return nil
}
