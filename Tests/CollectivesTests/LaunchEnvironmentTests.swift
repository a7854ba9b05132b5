import Collectives
import Failures
import Testing

@Suite struct LaunchEnvironmentTests {
  @Test func aPlainProcessIsAlone() throws {
    let launch = try LaunchEnvironment(["PATH": "/bin"])
    #expect(!launch.usesMPI)
    #expect([launch.rank, launch.size, launch.localRank, launch.localSize] == [0, 1, 0, 1])
    try launch.check(worldSize: 1)
  }

  @Test func openMPISaysEverything() throws {
    let launch = try LaunchEnvironment([
      "OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
      "OMPI_COMM_WORLD_LOCAL_SIZE": "4", "PMIX_RANK": "5", "SLURM_NTASKS": "8", "SLURM_PROCID": "0",
    ])
    #expect(launch.usesMPI)
    #expect([launch.rank, launch.size, launch.localRank, launch.localSize] == [5, 8, 1, 4])
    try launch.check(worldSize: 8)
  }

  @Test func slurmWithPMIx() throws {
    let launch = try LaunchEnvironment([
      "PMIX_RANK": "6", "SLURM_PROCID": "6", "SLURM_NTASKS": "7", "SLURM_LOCALID": "0", "SLURM_NODEID": "3",
      "SLURM_STEP_TASKS_PER_NODE": "2(x3),1",
    ])
    #expect(launch.usesMPI)
    #expect([launch.rank, launch.size, launch.localRank, launch.localSize] == [6, 7, 0, 1])
    try launch.check(worldSize: 7)
  }

  @Test(arguments: [(0, 2), (2, 2), (3, 1), (4, 12), (5, 1)]) func slurmCountsTasksPerNode(
    node: Int, tasks: Int
  ) throws {
    let launch = try LaunchEnvironment([
      "PMIX_RANK": "0", "SLURM_NODEID": "\(node)", "SLURM_TASKS_PER_NODE": "2(x3),1,12",
    ])
    #expect(launch.localSize == tasks)
  }

  @Test func slurmWithoutPMIxIsAMistake() throws {
    let launch = try LaunchEnvironment(["SLURM_NTASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "1"])
    #expect(!launch.usesMPI)
    #expect(launch.size == 1)
    // Rank 0 alone says so.
    #expect(launch.rank == 3)
    let failure = #expect(throws: Failure.self) { try launch.check(worldSize: 1) }
    #expect(failure?.code == .configuration)
    #expect(failure?.location == "SLURM_NTASKS=4")
    #expect(failure?.advice.contains("srun --mpi=pmix") == true)
    try LaunchEnvironment(["SLURM_NTASKS": "1"]).check(worldSize: 1)
  }

  @Test func anotherLibrarysLauncherIsAMistake() throws {
    let launch = try LaunchEnvironment(["PMI_RANK": "1", "PMI_SIZE": "2"])
    #expect(launch.rank == 1)
    let failure = #expect(throws: Failure.self) { try launch.check(worldSize: 1) }
    #expect(failure?.code == .configuration)
  }

  @Test(arguments: ["two", "", "-1"]) func aNumberMustBeOne(text: String) {
    let failure = #expect(throws: Failure.self) { try LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": text]) }
    #expect(failure?.code == .configuration)
    #expect(failure?.location == "OMPI_COMM_WORLD_SIZE")
  }

  @Test(arguments: [(8, 4, 2), (8, 3, 2), (1, 4, 1), (2, 1, 2)]) func coresAreShared(
    cores: Int, ranks: Int, threads: Int
  ) throws {
    let launch = try LaunchEnvironment([
      "OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "\(ranks)",
    ])
    #expect(launch.threadsPerRank(cores: cores) == threads)
  }
}
