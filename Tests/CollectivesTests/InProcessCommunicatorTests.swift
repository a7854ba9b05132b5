import Collectives
import CommunicatorContract
import Failures
import Testing
import Threads

/// Runs `body` on `size` ranks, each on a thread of its own, and returns what each threw.
func onRanks(
  _ size: Int, _ body: @escaping @Sendable (InProcessCommunicator) throws -> Void
) -> [(any Error)?] {
  let errors = Monitor([(any Error)?](repeating: nil, count: size))
  let threads = InProcessCommunicator.world(size: size).map { communicator in
    DedicatedThread(name: "rank \(communicator.rank)") {
      do { try body(communicator) } catch {
        errors.update { $0[communicator.rank] = error }
        communicator.abort(.internalError)
      }
    }
  }
  for thread in threads { thread.join() }
  return errors.read { $0 }
}

@Suite struct InProcessCommunicatorTests {
  @Test(arguments: [1, 2, 3, 4]) func keepsTheContract(ranks: Int) {
    let errors = onRanks(ranks) { communicator in
      let thread = try CommunicationThread(name: "communication") { communicator }
      for check in CommunicatorContract.all {
        do { try check.run(thread) } catch { throw NamedError(check: check.name, error: error) }
      }
      try thread.close()
    }
    for error in errors { #expect(error == nil) }
  }

  private struct NamedError: Error {
    let check: String
    let error: any Error
  }

  /// (a + b) + c, not a + (b + c): the sum has the bits of the order of ranks.
  @Test func sumsInTheOrderOfRanks() {
    let values: [Float] = [1, 0x1p-24, 0x1p-24, -1]
    let expected = values.reduce(0, +)
    #expect(expected != values[0] + (values[1] + values[2]) + values[3])
    let errors = onRanks(4) { communicator in
      for length in [1, 40, 5000] {
        var own = [Float](repeating: values[communicator.rank], count: length)
        try own.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
        try require(own == [Float](repeating: expected, count: length), "sum of \(length): \(own[0])")
      }
    }
    for error in errors { #expect(error == nil) }
  }

  @Test func callsThatDoNotMatchFailOnEveryRank() {
    let errors = onRanks(3) { communicator in
      let length = try failure {
        var values = [Float](repeating: 1, count: communicator.rank == 2 ? 5 : 4)
        try values.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .sum) }
      }
      let sum = "an all-reduce (sum of floats) over"
      try require(length.code == .internalError, "\(length.code)")
      try require(length.what == "ranks disagree: rank 0 makes \(sum) 4, rank 2 makes \(sum) 5", length.what)

      let kind = try failure {
        if communicator.rank == 1 { return try communicator.barrier() }
        try communicator.broadcast(UnsafeMutableRawBufferPointer(start: nil, count: 0), from: 0)
      }
      let expected = "ranks disagree: rank 0 makes a broadcast of 0 bytes from rank 0, rank 1 makes a barrier"
      try require(kind.what == expected, kind.what)

      // The world is still in step.
      var rank = Int64(communicator.rank)
      try withUnsafeMutablePointer(to: &rank) {
        try communicator.allReduce(UnsafeMutableBufferPointer(start: $0, count: 1), .sum)
      }
      try require(rank == 3, "sum of ranks: \(rank)")
    }
    for error in errors { #expect(error == nil) }
  }

  @Test(arguments: [2, 4]) func anAbortFreesTheOthers(ranks: Int) {
    let waited = ContinuousClock().measure {
      let errors = onRanks(ranks) { communicator in
        try communicator.barrier()
        if communicator.rank == 1 { return communicator.abort(.internalError) }
        try communicator.barrier()
      }
      for (rank, error) in errors.enumerated() where rank != 1 {
        let failure = error as? Failure
        #expect(failure?.code == .peerLost)
        #expect(failure?.what == "rank 1 aborted the run with code 70")
        #expect(failure?.location.hasPrefix("barrier on rank \(rank) on ") == true)
      }
    }
    #expect(waited < .seconds(1))
  }

  @Test func aRankThatLeftIsMissed() {
    let errors = onRanks(2) { communicator in
      if communicator.rank == 0 { return try communicator.close() }
      try communicator.barrier()
    }
    #expect((errors[1] as? Failure)?.what == "rank 0 has left")
  }

  /// Aborts at any moment of many collectives: nobody hangs, and nobody touches memory that its owner took away.
  @Test func abortsAtAnyMoment() {
    for round in 0..<50 {
      let errors = onRanks(3) { communicator in
        for step in 0... {
          if communicator.rank == round % 3, step == round { return communicator.abort(.stopped) }
          let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: 3001)
          values.initialize(repeating: 1)
          defer { values.deallocate() }
          try communicator.allReduce(values, .sum)
        }
      }
      #expect(errors.count { $0 is Failure } == 2)
    }
  }
}
