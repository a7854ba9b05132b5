import Benchmarks
import Collectives
import Datasets
import Failures
import Foundation
import Kernels
import Telemetry
import Training

/// What one rank finds where it runs.
package struct DoctorRank: Codable, Equatable {
  package var rank: Int
  package var host: String
  /// The processors that it may use.
  package var processors: [Int]
  /// Those of its machine.
  package var processorsOnline: Int
  package var threads: Int
  package var program: String
  package var mpi: String
  package var instructionSet: String
  package var blas: String
  /// What OPENBLAS_CORETYPE says; nil where it is not set.
  package var forcedBlas: String?
  /// Fused multiply-adds of one thread while all ranks do the same, in 10^9 operations a second.
  package var gigaflops: Double
  /// UTC, right after a barrier.
  package var clock: Double
  /// What the first rank of a machine finds there; nil on the others.
  package var machine: DoctorMachine?

  /// Looks and measures. Collective.
  init(_ rank: Rank, data: String?, environment: [String: String]) throws {
    self.rank = rank.index
    host = rank.communication.hostName
    processors = Processors.allowed()
    processorsOnline = MachineFacts.current.processors
    threads = rank.threads
    program = Version.current
    mpi = rank.mpi
    instructionSet = rank.kernels.name
    blas = "\(BLAS.configuration.split(separator: " ").prefix(2).joined(separator: " ")) \(BLAS.kernelName)"
    forcedBlas = environment["OPENBLAS_CORETYPE"].flatMap { $0.isEmpty ? nil : $0 }
    machine =
      rank.communication.localRank == 0
      ? DoctorMachine(ranks: rank.communication.localSize, data: data, environment: environment) : nil
    try rank.communication.barrier()
    clock = TimeSource.system.utc()
    gigaflops = PeakMeter.operationsPerSecond(rank.kernels) / 1e9
    try rank.communication.barrier()
  }
}

/// What belongs to a machine and not to a rank.
package struct DoctorMachine: Codable, Equatable {
  /// Free bytes of /dev/shm; nil where there is none.
  package var sharedMemory: Int?
  package var sharedMemoryWarning: String?
  package var staleSegments: [String]
  /// Where the data are, and a digest of all four files.
  package var data: String
  package var dataDigest: String?
  /// Files that are valid, but not the published ones.
  package var unknownData: [String]
  /// Why there are no data.
  package var dataFailure: String?
  package var dataCode: Int32?

  init(ranks: Int, data: String?, environment: [String: String]) {
    sharedMemory = SharedMemory.free()
    sharedMemoryWarning = SharedMemory.warning(ranks: ranks)
    staleSegments = StaleSegments.list()
    self.data = ""
    unknownData = []
    do throws(Failure) {
      let set = try FashionMNIST.locate(data: data, environment: environment)
      self.data = set.directory
      var digests = ""
      for file in FashionMNISTFile.all {
        guard let path = file.path(in: set.directory) else { continue }
        let content = try file.read(path)
        digests += content.sha256
        if !content.isKnown { unknownData.append(path) }
      }
      dataDigest = digests
    } catch {
      dataFailure = error.description
      dataCode = error.code.rawValue
    }
  }
}
