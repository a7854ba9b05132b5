import Collectives
import Testing
import Threads
import Timelines
import Training

@Suite struct ClockOffsetsTests {
  /// What every rank of a job of threads estimates, whose clocks are ahead by `ahead`.
  private func estimates(ahead: [Double], machines: [String]) throws -> [ClockOffsets] {
    let found = Monitor([ClockOffsets]())
    let ranks = InProcessCommunicator.world(size: ahead.count).map { communicator in
      DedicatedThread(name: "rank") {
        let rank = communicator.rank
        let offsets = try? ClockOffsets(communicator, machine: machines[rank]) {
          TimelineRecorder.now() + ahead[rank]
        }
        if let offsets { found.update { $0.append(offsets) } }
      }
    }
    for rank in ranks { rank.join() }
    return found.read { $0 }
  }

  @Test func findsHowFarClocksAreAhead() throws {
    let ahead = [0, 5, -3600, 1e6]
    let found = try estimates(ahead: ahead, machines: ["a", "b", "c", "d"])
    #expect(found.count == 4)
    for offsets in found {
      // The error is a bound, and on one machine a narrow one unless every round was held up.
      #expect(offsets.error > 0 && offsets.error < 0.1)
      for (estimate, truth) in zip(offsets.seconds, ahead) {
        #expect(abs(estimate - truth) <= offsets.error + 1e-9)
      }
    }
  }

  @Test func aSharedClockIsNotEstimated() throws {
    #expect(
      try estimates(ahead: [0, 0], machines: ["a", "a"]).allSatisfy { $0.seconds == [0, 0] && $0.error == 0 })
    let mixed = try estimates(ahead: [0, 0, 7], machines: ["a", "a", "b"])
    #expect(mixed.count == 3 && mixed.allSatisfy { $0.seconds[1] == 0 && abs($0.seconds[2] - 7) < 0.1 })
  }
}
