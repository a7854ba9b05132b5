import Collectives
import Failures
import Synchronization
import Testing
import Threads

@Suite struct CommunicationThreadTests {
  private func alone() throws -> CommunicationThread {
    try CommunicationThread(name: "test") { InProcessCommunicator.world(size: 1)[0] }
  }

  @Test func aFailureOfTheCommunicatorIsThrown() {
    let expected = Failure(.peerLost, "no network")
    #expect(throws: expected) {
      try CommunicationThread(name: "test") { () throws(Failure) in throw expected }
    }
  }

  @Test func closingTwiceDoesNothing() throws {
    let thread = try alone()
    try thread.close()
    try thread.close()
    thread.abort(.internalError)
  }

  @Test func closeRunsWhatWasSubmitted() throws {
    final class Counter: CommunicationJob, Sendable {
      let runs = Atomic(0)
      func run(on communicator: any Communicator) { runs.add(1, ordering: .relaxed) }
    }
    let thread = try alone()
    let counter = Counter()
    for _ in 0..<100 { thread.submit(counter) }
    try thread.close()
    #expect(counter.runs.load(ordering: .relaxed) == 100)
  }

  @Test func bodiesReturnWhatIsNotSendable() throws {
    final class Box { var values = [1, 2] }
    let thread = try alone()
    let box = Box()
    let same = try thread.perform { communicator in
      box.values.append(communicator.size)
      return box
    }
    #expect(same === box && box.values == [1, 2, 1])
    try thread.close()
  }

  /// Several threads of a rank may use its communicator: their calls take turns.
  @Test func callersTakeTurns() throws {
    let thread = try alone()
    let wrong = Monitor(0)
    let callers = (0..<4).map { caller in
      DedicatedThread(name: "caller") {
        for round in 0..<500 {
          var value = Double(caller * 1000 + round)
          let expected = value
          withUnsafeMutablePointer(to: &value) {
            let buffer = UnsafeMutableBufferPointer(start: $0, count: 1)
            do { try thread.allReduce(buffer, .sum) } catch { wrong.update { $0 += 1 } }
          }
          if value != expected { wrong.update { $0 += 1 } }
        }
      }
    }
    for caller in callers { caller.join() }
    #expect(wrong.read { $0 } == 0)
    try thread.close()
  }

  /// A rank whose thread is released without closing is gone for the others, who must not wait for it.
  @Test func aThreadThatIsReleasedLeaves() throws {
    let world = Monitor(InProcessCommunicator.world(size: 2))
    let survivor = try CommunicationThread(name: "test") { world.update { $0.removeLast() } }
    do {
      let released = try CommunicationThread(name: "test") { world.update { $0.removeLast() } }
      #expect(released.rank == 0)
    }
    let lost = #expect(throws: Failure.self) { try survivor.barrier() }
    #expect(lost?.what == "rank 0 has left")
    try survivor.close()
  }

  /// The watchdog's case: the thread is stuck in a collective, and another thread ends the job.
  @Test func abortFreesTheThreadThatIsStuck() throws {
    let world = InProcessCommunicator.world(size: 2)
    let thread = try CommunicationThread(name: "test") { world[0] }
    let watchdog = DedicatedThread(name: "watchdog") { thread.abort(.peerLost) }
    let lost = #expect(throws: Failure.self) { try thread.barrier() }
    #expect(lost?.what == "rank 0 aborted the run with code 69")
    watchdog.join()
    try thread.close()
  }
}
