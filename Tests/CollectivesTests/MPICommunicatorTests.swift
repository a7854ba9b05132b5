import Collectives
import Testing

/// The contract on real MPI, each time in a job of its own.
@Suite(.serialized) struct MPICommunicatorTests {
  @Test(arguments: [1, 2, 3, 4]) func keepsTheContract(ranks: Int) throws {
    let job = try mpirun(ranks: ranks, ["contract"])
    #expect(job.status == 0, "\(job.output)")
    #expect(job.output.contains("ok: gradients become the sum"), "\(job.output)")
  }

  /// Chunks that divide no length: every transfer is cut as one of more than 2^26 elements would be.
  @Test(arguments: [1, 2, 3]) func keepsTheContractInChunks(ranks: Int) throws {
    let job = try mpirun(ranks: ranks, ["contract", "1009"])
    #expect(job.status == 0, "\(job.output)")
  }

  @Test func reportsTheCallTheRankAndTheReason() throws {
    let job = try mpirun(ranks: 2, ["truncate"])
    #expect(job.output.contains("rank 1: MPI_Bcast failed: MPI_ERR_TRUNCATE"), "\(job.output)")
    #expect(job.output.contains("(rank 1 on "), "\(job.output)")
  }

  /// Two ranks send each other half of the vector, and then the half that they have added up.
  @Test func sixteenBitsAreHalfTheBytes() throws {
    let job = try mpirun(ranks: 2, ["bytes"])
    #expect(job.status == 0, "\(job.output)")
    for rank in 0..<2 {
      #expect(job.output.contains("rank \(rank): 4000000 bytes in f32\n"), "\(job.output)")
      #expect(job.output.contains("rank \(rank): 2000000 bytes in bf16\n"), "\(job.output)")
    }
  }

  @Test func abortEndsRanksThatWait() throws {
    let job = try mpirun(ranks: 3, ["abort"])
    #expect(job.status == 69, "\(job.output)")
  }

  @Test func pairsExchange() throws {
    let job = try mpirun(ranks: 4, ["exchange"])
    #expect(job.status == 0, "\(job.output)")
    #expect(job.output.split(separator: "\n").filter { $0.contains("ok: ") }.count == 8, "\(job.output)")
  }

  /// A step's gradients and small reductions: ranks as threads of one process, and MPI with one rank. With more, Open
  /// MPI itself calls malloc about once a collective.
  @Test(arguments: [["allocations"], ["allocations", "3"]])
  func aStepAllocatesNothing(arguments: [String]) throws {
    let job = try mpirun(ranks: 1, arguments)
    #expect(job.status == 0, "\(job.output)")
    let lines = job.output.split(separator: "\n").filter { $0.contains("allocations") }
    #expect(lines.count == (arguments.count > 1 ? 3 : 1), "\(job.output)")
    #expect(lines.allSatisfy { $0.hasSuffix(": 0 allocations in 100 steps") }, "\(job.output)")
  }

  /// MPI waits by polling, and must let the threads that compute go first.
  @Test func aRankThatWaitsLeavesItsProcessorToComputation() throws {
    let job = try mpirun(ranks: 2, ["waiting"], on: Processors.allowed().first)
    #expect(job.status == 0 && job.output.contains("ok: "), "\(job.output)")
  }

  @Test func aJobThatTakesTooLongIsAnError() throws {
    let error = #expect(throws: MPIJobError.self) { try mpirun(ranks: 2, ["contract"], seconds: 0.05) }
    #expect(error?.description.hasPrefix("no end after 0.05 s") == true)
  }

  @Test func knowsItsLibrary() {
    #expect(!MPICommunicator.compiledVersion.isEmpty)
    // The headers and the library that is loaded belong together.
    #expect(
      MPICommunicator.libraryVersion.contains(MPICommunicator.compiledVersion.split(separator: " ").last!))
  }
}
