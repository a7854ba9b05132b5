import Collectives
import Failures

extension CommunicatorContract {
  /// Agreement and the start-up digest.
  static let phases: [CommunicatorContract] = [
    .collective("a phase that went well everywhere returns its value", goodPhase),
    .collective("one rank's failure is thrown on all", oneFailure),
    .collective("of several failures the lowest rank's is thrown", severalFailures),
    .collective("a failure that all share is thrown as it is", sharedFailure),
    .collective("equal digests pass", equalDigests),
    .collective("a digest that differs is named with its ranks", differentDigest),
    .collective("a field that a rank does not have is a difference", missingField),
    .collective("ranks share the processors of their machine", processors),
  ]

  @Sendable private static func goodPhase(_ communicator: any Communicator) throws {
    let value = try communicator.agree { () throws(Failure) in communicator.rank * 2 }
    try require(value == communicator.rank * 2, "the phase returned \(value)")
  }

  @Sendable private static func oneFailure(_ communicator: any Communicator) throws {
    for unlucky in 0..<communicator.size {
      let thrown = try failure {
        try communicator.agree { () throws(Failure) in
          guard communicator.rank == unlucky else { return }
          throw Failure(.missingInput, "no data", at: "/data", advice: "fetch it")
        }
      }
      let location = communicator.size == 1 ? "/data" : "/data, rank \(unlucky) on \(communicator.hostName)"
      let expected = Failure(.missingInput, "no data", at: location, advice: "fetch it")
      // A rank that failed throws what all throw: one story, whoever tells it.
      try require(thrown == expected, "expected \(expected), found \(thrown)")
    }
  }

  @Sendable private static func severalFailures(_ communicator: any Communicator) throws {
    guard communicator.size > 2 else { return }
    let thrown = try failure {
      let failed = communicator.rank > 0
      try communicator.agree(outcome: failed ? Failure(.badData, "bad \(communicator.rank)") : nil)
    }
    let expected = Failure(.badData, "bad 1", at: "rank 1 on \(communicator.hostName)")
    try require(thrown == expected, "expected \(expected), found \(thrown)")
  }

  @Sendable private static func sharedFailure(_ communicator: any Communicator) throws {
    let all = Failure(.configuration, "batch 2 is smaller than the ranks", at: "--batch-size")
    let thrown = try failure { try communicator.agree(outcome: all) }
    try require(thrown == all, "expected \(all), found \(thrown)")
  }

  @Sendable private static func equalDigests(_ communicator: any Communicator) throws {
    try communicator.compareDigests([])
    try communicator.compareDigests([("binary", "ab12"), ("configuration", ""), ("data", "cd34")])
  }

  @Sendable private static func differentDigest(_ communicator: any Communicator) throws {
    let last = communicator.size - 1
    guard last > 0 else { return }
    for (field, code) in [("MPI", ExitCode.configuration), ("data", .badData)] {
      let thrown = try failure {
        let digest = communicator.rank == last ? "ef" : "ab"
        try communicator.compareDigests([("binary", "12"), (field, digest), ("zone", "\(communicator.rank)")])
      }
      try require(thrown.code == code, "\(field): code \(thrown.code)")
      try require(thrown.what == "\(field) differs from rank 0: expected ab, found ef", thrown.what)
      try require(thrown.location == "rank \(last) on \(communicator.hostName)", thrown.location)
    }
  }

  @Sendable private static func missingField(_ communicator: any Communicator) throws {
    guard communicator.size > 1 else { return }
    for (first, others) in [(["a", "b"], ["a"]), (["a"], ["a", "b"])] {
      let thrown = try failure {
        let names = communicator.rank == 0 ? first : others
        try communicator.compareDigests(names.map { ($0, "1") })
      }
      try require(thrown.what.hasPrefix("b differs from rank 0"), thrown.what)
    }
  }

  @Sendable private static func processors(_ communicator: any Communicator) throws {
    let share = try communicator.processorShare()
    let allowed = Processors.allowed().count
    // Ranks here are not pinned: each may use all processors.
    let expected = max(1, allowed / communicator.size)
    try require(share == expected, "\(share) of \(allowed) processors for one of \(communicator.size) ranks")
  }

}
