import Collectives
import CommunicatorContract
import Failures
import Testing
import Threads

@Suite struct GradientReducerTests {
  @Test func aLostRankIsThrownByFinish() {
    let errors = onRanks(2) { communicator in
      let thread = try CommunicationThread(name: "communication") { communicator }
      if communicator.rank == 1 { return thread.abort(.internalError) }
      let gradients = UnsafeMutableBufferPointer<Float>.allocate(capacity: 100)
      gradients.initialize(repeating: 1)
      defer { gradients.deallocate() }
      let buckets = GradientBuckets(count: 100, slotOffsets: [0, 50], bucketBytes: 40)
      let reducer = GradientReducer(
        thread: thread, gradients: gradients, buckets: buckets, isOrdered: true)
      reducer.begin()
      let lost = try failure { _ = try reducer.finish() }
      try require(lost.code == .peerLost, lost.description)
      try require(lost.what == "rank 1 aborted the run with code 70", lost.what)
    }
    for error in errors { #expect(error == nil) }
  }
}
