import Foundation
import ProgramRunner
import Testing

/// What `doctor` finds, of this machine and of faults that are made for it.
@Suite(.serialized) struct DoctorTests {
  private func report(
    _ arguments: [String] = [], ranks: Int? = nil, environment: [String: String] = [:], status: Int32 = 0
  ) throws -> [String: Any] {
    let result = try Program.run(["doctor", "--json"] + arguments, ranks: ranks, environment: environment)
    #expect(result.status == status, "\(result.errors)")
    let end = try #require(result.output.lastIndex(of: "}"))
    return try #require(
      try JSONSerialization.jsonObject(with: Data(result.output[...end].utf8)) as? [String: Any])
  }

  /// Verdict and text of a check.
  private func check(_ name: String, of report: [String: Any]) throws -> (verdict: String, found: String) {
    let checks = try #require(report["checks"] as? [[String: Any]])
    let check = try #require(checks.first { $0["name"] as? String == name })
    return (check["verdict"] as? String ?? "", check["found"] as? String ?? "")
  }

  @Test func oneProcess() throws {
    let report = try report()
    for name in ["MPI", "job", "instruction set", "BLAS", "/dev/shm", "data", "clock"] {
      #expect(try check(name, of: report).verdict == "ok", "\(name)")
    }
    #expect((report["command"] as? String)?.hasPrefix("mpirun -n ") == true)
    let rank = try #require((report["ranks"] as? [[String: Any]])?.first)
    #expect(rank["gigaflops"] as? Double ?? 0 > 1 && rank["host"] as? String != "")
  }

  @Test func ranksAndEveryPairAreMeasured() throws {
    let report = try report(ranks: 3)
    #expect((report["ranks"] as? [[String: Any]])?.map { $0["rank"] as? Int } == [0, 1, 2])
    let links = try #require(report["links"] as? [[String: Any]])
    #expect(links.map { $0["ranks"] as? [Int] } == [[0, 1], [0, 2], [1, 2]])
    for link in links {
      #expect(link["gigabytes_per_second"] as? Double ?? 0 > 0 && link["microseconds"] as? Double ?? 0 > 0)
    }
    let text = try Program.run(["doctor"], ranks: 2)
    #expect(text.outputLines.first?.contains("what") == true)
    #expect(words(text.output).contains("\nok MPI ") && text.output.contains("\nstart with: mpirun -n "))
    #expect(text.output.contains("\nfit to train"))
    #expect(text.outputLines.contains { $0.hasPrefix("0 and 1  one machine") })
  }

  /// With one space between words: a column is as wide as what else is in it.
  private func words(_ output: String) -> String {
    output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
      .joined(separator: "\n")
  }

  @Test func moreRanksThanProcessors() throws {
    let count = ProcessInfo.processInfo.activeProcessorCount
    let found = try check("processors", of: try report(ranks: count + 1))
    #expect(found.verdict == "warning" && found.found.contains("\(count + 1) ranks on \(count) processor"))
  }

  @Test func aForcedBLASKernel() throws {
    let found = try check("BLAS", of: try report(environment: ["OPENBLAS_CORETYPE": "Haswell"]))
    #expect(found.verdict == "warning" && found.found.contains("OPENBLAS_CORETYPE=Haswell"))
  }

  @Test func missingDataMustBeMended() throws {
    let found = try check("data", of: try report(["--data", "/nowhere"], ranks: 2, status: 66))
    #expect(found.verdict == "bad" && found.found.contains("/nowhere"))
  }

  @Test(arguments: ["vader_segment", "cnn-dist"]) func aSegmentThatNobodyUses(prefix: String) throws {
    let name = "\(prefix).test.\(UUID().uuidString)"
    try Data([1]).write(to: URL(fileURLWithPath: "/dev/shm/\(name)"))
    defer { try? FileManager.default.removeItem(atPath: "/dev/shm/\(name)") }
    let report = try report(ranks: 2)
    #expect(try check("stale segments", of: report).verdict == "warning")
    let machine = (report["ranks"] as? [[String: Any]])?.first?["machine"] as? [String: Any]
    let stale = try #require(machine?["stale_segments"] as? [String])
    #expect(stale.contains(name))
  }

  @Test func slurmWithoutMPI() throws {
    let result = try Program.run(["doctor"], environment: ["SLURM_NTASKS": "4", "SLURM_PROCID": "0"])
    #expect(result.status == 78 && result.errors.contains("--mpi=pmix"), "\(result.errors)")
  }

  @Test("fault 26: doctor on ranks with different instruction sets → 78, names both and what to set")
  func differentInstructionSets() throws {
    let program = try Program.path("cnn-dist")
    let result = try Program.run(
      ["doctor", ":", "-n", "1", "-x", "CNN_DIST_ISA=reference", program, "doctor"], ranks: 1)
    #expect(result.status == 78, "\(result.errors)")
    #expect(
      words(result.output).contains("\nBAD instruction set reference on ranks 1, x86-64-v"),
      "\(result.output)")
    #expect(result.errors.contains("set CNN_DIST_ISA=reference on all"))
  }
}
