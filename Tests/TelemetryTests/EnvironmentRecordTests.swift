import Foundation
import Telemetry
import Testing

@Suite struct EnvironmentRecordTests {
  @Test func goesToTheFileAndBack() throws {
    let place = try TemporaryDirectory()
    let record = EnvironmentRecord(
      version: "0.1.0", command: ["cnn-dist", "train", "lenet"], directory: "/home",
      started: TimeSource.utcText(0), ranks: 2,
      hosts: ["a", "b"], threadsPerRank: 1, instructionSet: "x86-64-v4", blas: "OpenBLAS 0.3.21 SkylakeX",
      mpi: "Open MPI 4.1.4", variables: ["OPENBLAS_CORETYPE": "Haswell"])
    try record.write(to: place.file("environment.json"))
    #expect(try EnvironmentRecord.read(place.file("environment.json")) == record)
    let object = try JSONSerialization.jsonObject(with: Data(place.text("environment.json").utf8))
    let keys = try #require(object as? [String: Any]).keys.sorted()
    #expect(
      keys == [
        "blas", "command", "directory", "hosts", "instruction_set", "machine", "mpi", "ranks", "started",
        "threads_per_rank",
        "variables", "version",
      ])
    #expect(record.started == "1970-01-01T00:00:00.000Z")
  }

  @Test func keepsNoSecrets() {
    let kept = EnvironmentRecord.relevant([
      "OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "2", "CNN_DIST_DATA": "/d",
      "AWS_SECRET_ACCESS_KEY": "x",
      "PATH": "/bin", "OMPI_MCA_btl_tcp_if_include": "eth0", "OMPI_MCA_orte_hnp_uri": "1.2.3.4",
      "OMPI_COMM_WORLD_SIZE": "4",
    ])
    #expect(
      kept.keys.sorted() == [
        "CNN_DIST_DATA", "OMPI_COMM_WORLD_SIZE", "OMPI_MCA_btl_tcp_if_include", "OMP_NUM_THREADS",
        "OPENBLAS_CORETYPE",
      ])
  }
}
