import Command
import Foundation
import Testing

/// What follows from facts that no single machine has.
@Suite struct DoctorRulesTests {
  /// A rank as it reports itself; the first of a machine also reports the machine.
  private func rank(
    _ number: Int, host: String = "a", first: Bool? = nil, _ changes: [String: Any] = [:],
    machine: [String: Any] = [:]
  ) throws -> DoctorRank {
    var facts: [String: Any] = [
      "rank": number, "host": host, "processors": [0, 1], "processorsOnline": 2, "threads": 1, "program": "1",
      "mpi": "Open MPI v4.1.4, package: x", "instructionSet": "x86-64-v4", "blas": "OpenBLAS",
      "gigaflops": 100.0,
      "clock": 1000.0,
    ]
    if first ?? (number == 0) {
      facts["machine"] = [
        "sharedMemory": 1_000_000_000, "staleSegments": [String](), "data": "/d", "dataDigest": "1",
        "unknownData": [String](),
      ].merging(machine) { $1 }
    }
    let json = try JSONSerialization.data(withJSONObject: facts.merging(changes) { $1 })
    return try JSONDecoder().decode(DoctorRank.self, from: json)
  }

  private func rules(_ ranks: [DoctorRank], links: [DoctorLink] = [], usesMPI: Bool = true) -> DoctorRules {
    DoctorRules(
      ranks: ranks, links: links, compiledMPI: "Open MPI 4.1.4", usesMPI: usesMPI, hasMPIRun: usesMPI)
  }

  private func check(_ name: String, _ rules: DoctorRules) -> DoctorCheck? {
    rules.checks.first { $0.name == name }
  }

  @Test func nothingIsWrongWithEqualRanks() throws {
    let rules = rules([try rank(0), try rank(1)])
    #expect(rules.checks.allSatisfy { $0.verdict == .ok && $0.advice.isEmpty }, "\(rules.checks)")
    #expect(rules.command.hasPrefix("mpirun -n 2 ") && rules.command.hasSuffix(" cnn-dist train vgg11"))
  }

  @Test(arguments: [
    ("Open MPI v4.1.4, package", DoctorCheck.Verdict.ok), ("Open MPI v4.1.6, package", .warning),
    ("Open MPI v5.0.1, package", .bad), ("MPICH Version: 4.1", .bad),
  ])
  func theLibraryFitsTheOneCompiledWith(found: String, verdict: DoctorCheck.Verdict) throws {
    #expect(check("MPI", rules([try rank(0, ["mpi": found])]))?.verdict == verdict)
  }

  @Test func anotherLibraryOnOneRank() throws {
    let other = check("MPI", rules([try rank(0), try rank(1, ["mpi": "Open MPI v4.1.6, package"])]))
    #expect(other?.verdict == .bad && other?.found.contains("rank 1 (a)") == true)
    #expect(check("MPI", rules([try rank(0)], usesMPI: false))?.found == "mpirun is not on PATH")
  }

  @Test func ranksBoundToOneProcessor() throws {
    let bound: [String: Any] = ["processors": [1]]
    let found = check(
      "processors",
      rules([
        try rank(0, ["processors": [0], "processorsOnline": 3]), try rank(1, bound), try rank(2, bound),
        try rank(3, host: "b", first: true),
      ]))
    #expect(found?.verdict == .warning)
    #expect(found?.found == "a: 3 threads of 3 ranks on 2 processors")
    let wide = check(
      "processors",
      rules([try rank(0, ["processors": [0, 2]]), try rank(1, bound), try rank(2, bound)]))
    #expect(
      wide?.found == "a: ranks 1, 2 are bound to 1 processor"
        && wide?.advice.contains("--bind-to none") == true)
  }

  @Test func aSlowRank() throws {
    let found = check(
      "speed", rules([try rank(0), try rank(1), try rank(2, host: "b", ["gigaflops": 70.0])]))
    #expect(found?.verdict == .warning && found?.found.contains("rank 2 (b) has 70") == true)
  }

  @Test func clocksThatDiffer() throws {
    let found = check("clock", rules([try rank(0), try rank(1, host: "b", ["clock": 1002.5])]))
    #expect(found?.verdict == .warning && found?.found == "2.5 s apart; the latest is that of b")
  }

  @Test func dataThatDiffer() throws {
    let found = check(
      "data", rules([try rank(0), try rank(1, host: "b", first: true, machine: ["dataDigest": "2"])]))
    #expect(found?.verdict == .bad && found?.code == 65 && found?.found == "b has other files than a")
  }

  @Test func aSlowLinkIsOneOfItsKind() throws {
    func link(_ low: Int, _ high: Int, _ speed: Double, isLocal: Bool = true) -> DoctorLink {
      DoctorLink(ranks: [low, high], isLocal: isLocal, microseconds: 1, gigabytesPerSecond: speed)
    }
    let ranks = try (0..<4).map { try rank($0) }
    let kinds = [link(0, 1, 8), link(0, 2, 8), link(0, 3, 1, isLocal: false), link(1, 3, 1, isLocal: false)]
    #expect(check("network", rules(ranks, links: kinds))?.verdict == .ok)
    let found = check("network", rules(ranks, links: kinds + [link(2, 3, 0.1, isLocal: false)]))
    #expect(found?.found == "ranks 2 and 3 exchange 0.10 GB/s, others 1.00")
  }

  @Test func manyRanksAreNotAllPaired() {
    #expect(DoctorLink.pairs(of: 4).count == 6 && DoctorLink.pairs(of: 16).count == 120)
    let many = DoctorLink.pairs(of: 64)
    #expect(many.count == 95 && Set(many.flatMap { [$0.0, $0.1] }) == Set(0..<64))
  }
}
