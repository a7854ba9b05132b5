import AllocationCount
import Collectives
import CommunicatorContract
import Failures
import Glibc
import Synchronization
import Tensors
import Threads

// Runs one check of MPI on the ranks that mpirun started; the tests start it. Exits with 0 when all went well.
//
//     mpi-contract contract [CHUNK]     the communicator contract, CHUNK elements a call
//     mpi-contract truncate             an error that MPI reports comes back as a failure
//     mpi-contract bytes                what ranks send for a sum in 32 and in 16 bits
//     mpi-contract abort                the last rank aborts while the others wait in a barrier
//     mpi-contract allocations [RANKS]  heap allocations of 100 steps
//     mpi-contract waiting              processor time that rank 0 spends waiting while it computes
//     mpi-contract bench BYTES [RANKS]  seconds of an all-reduce
//
// With RANKS, the ranks are threads of this process instead.

/// A whole line at once, so that lines of several ranks do not mix.
func say(_ line: String) {
  _ = Array("\(line)\n".utf8).withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

func contract(_ thread: CommunicationThread) throws {
  for check in CommunicatorContract.all {
    // A rank that fails while others wait takes all down, or the test would wait for its timeout.
    do { try check.run(thread) } catch {
      say("failed on \(thread.place): \(check.name): \(error)")
      thread.abort(.internalError)
    }
    try thread.barrier()
    if thread.rank == 0 { say("ok: \(check.name)") }
  }
}

func truncate(_ thread: CommunicationThread) throws {
  // Rank 0 sends more than the others expect: the only mistake of a caller that MPI reports dependably.
  var bytes = [UInt8](repeating: 1, count: thread.rank == 0 ? 64 : 8)
  do {
    try bytes.withUnsafeMutableBytes { try thread.broadcast($0, from: 0) }
    say("rank \(thread.rank): no error")
  } catch {
    say("rank \(thread.rank): \(error)")
  }
}

/// Both halves of a sum of a million floats.
func bytes(_ thread: CommunicationThread) throws {
  let values = FloatBuffer(count: 1_000_000)
  let parts = RankParts(0..<values.count, ranks: thread.size, grain: 4096)
  for format in FloatFormat.allCases {
    func sent() throws -> Int {
      try thread.perform { communicator in (communicator as? MPICommunicator)?.bytesSent ?? -1 }
    }
    let before = try sent()
    try thread.sumPartInTree(values.elements, parts, as: format)
    try thread.gatherParts(values.elements, parts, as: format)
    let bytes = try sent() - before
    say("rank \(thread.rank): \(bytes) bytes in \(format.rawValue)")
  }
}

func abortWhileOthersWait(_ thread: CommunicationThread) throws {
  // From another thread than MPI's, which waits in a barrier on every rank but one.
  if thread.rank == thread.size - 1 {
    usleep(200_000)
    thread.abort(.peerLost)
  } else {
    try thread.barrier()
  }
}

/// A barrier, with the processor time that it took its thread.
final class TimedBarrier: CommunicationJob, Sendable {
  let done = Atomic(false)
  let waited = Monitor(0.0)

  func run(on communicator: any Communicator) {
    let before = processorSeconds()
    do { try communicator.barrier() } catch { say("failed: \(error)") }
    waited.update { $0 = processorSeconds() - before }
    done.store(true, ordering: .releasing)
  }
}

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Rank 0 computes while its communication thread waits for rank 1, both on one processor.
func waiting(_ thread: CommunicationThread) throws {
  let barrier = TimedBarrier()
  if thread.rank == 1 { usleep(1_000_000) }
  thread.submit(barrier)
  let before = processorSeconds()
  while !barrier.done.load(ordering: .acquiring) {}
  let computed = processorSeconds() - before
  guard thread.rank == 0 else { return }
  let waited = barrier.waited.read { $0 }
  say("\(waited < computed / 3 ? "ok" : "failed"): \(waited) s of waiting, \(computed) s of computing")
}

func bench(_ thread: CommunicationThread, bytes: Int) throws {
  let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: bytes / 4)
  values.initialize(repeating: 1)
  for _ in 0..<5 {
    try thread.barrier()
    let seconds = try ContinuousClock().measure { try thread.allReduce(values, .sum) }
    if thread.rank == 0 { say("all-reduce of \(bytes) bytes on \(thread.size) ranks: \(seconds)") }
  }
}

/// A step of several buckets with the small reductions after it.
func allocations(_ thread: CommunicationThread) throws {
  let gradients = UnsafeMutableBufferPointer<Float>.allocate(capacity: 10_000)
  gradients.initialize(repeating: 1)
  let buckets = GradientBuckets(count: 10_000, slotOffsets: [0, 10, 4000], bucketBytes: 4096)
  let isOrdered = thread.size == 2
  let reducer = GradientReducer(
    thread: thread, gradients: gradients, buckets: buckets, isOrdered: isOrdered,
    parts: { isOrdered ? RankParts($0, ranks: 2, grain: 16) : nil }, leavesParts: false,
    residual: isOrdered ? FloatBuffer(count: 10_000) : nil)
  let losses = UnsafeMutableBufferPointer<Double>.allocate(capacity: 3)
  losses.initialize(repeating: 0)
  let seen = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 2)
  seen.initialize(repeating: 0)
  func step() throws {
    reducer.begin()
    reducer.gradientsReady(from: 4000)
    reducer.gradientsReady(from: 10)
    _ = try reducer.finish()
    try thread.allReduce(losses, .sum)
    try thread.allReduce(seen, .max)
    try thread.broadcast(UnsafeMutableRawBufferPointer(seen), from: 0)
    try thread.barrier()
  }
  for _ in 0..<10 { try step() }
  let before = AllocationCount.now
  for _ in 0..<100 { try step() }
  let count = AllocationCount.now - before
  // The line itself allocates: nobody prints before all have counted.
  try thread.barrier()
  say("rank \(thread.rank): \(count) allocations in 100 steps")
}

/// Pairs of neighbours exchange their ranks, then much more than MPI sends without waiting for the receiver.
func exchange(_ thread: CommunicationThread) throws {
  let peer = thread.rank ^ 1
  guard peer < thread.size else { return }
  for count in [1, 4_000_000] {
    var sent = [UInt8](repeating: UInt8(thread.rank + 1), count: count)
    var received = [UInt8](repeating: 0, count: count)
    try thread.perform { communicator throws(Failure) in
      try (communicator as? MPICommunicator)?.exchange(&sent, &received, with: peer)
    }
    let isRight = received.allSatisfy { $0 == UInt8(peer + 1) } && sent[0] == UInt8(thread.rank + 1)
    say("\(isRight ? "ok" : "failed"): \(count) bytes from rank \(peer)")
  }
}

/// Runs `check` on ranks that are threads of this process.
func onThreads(_ ranks: Int, _ check: @escaping @Sendable (CommunicationThread) throws -> Void) {
  let threads = InProcessCommunicator.world(size: ranks).map { communicator in
    DedicatedThread(name: "rank") {
      do {
        let thread = try CommunicationThread(name: "communication") { communicator }
        try check(thread)
        try thread.close()
      } catch {
        say("failed: \(error)")
        communicator.abort(.internalError)
      }
    }
  }
  for thread in threads { thread.join() }
}

/// Runs `check` on this process's rank of MPI.
func onMPI(chunk: Int, _ check: (CommunicationThread) throws -> Void) throws {
  let thread = try CommunicationThread(name: "mpi") { () throws(Failure) in try MPICommunicator(chunk: chunk)
  }
  try check(thread)
  try thread.close()
}

let check = CommandLine.arguments.dropFirst().first ?? ""
let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
do {
  switch check {
  case "contract": try onMPI(chunk: numbers.first ?? MPICommunicator.largestChunk, contract)
  case "truncate": try onMPI(chunk: MPICommunicator.largestChunk, truncate)
  case "bytes": try onMPI(chunk: MPICommunicator.largestChunk, bytes)
  case "abort": try onMPI(chunk: MPICommunicator.largestChunk, abortWhileOthersWait)
  case "allocations" where AllocationCount.works():
    if let ranks = numbers.first {
      onThreads(ranks) { try allocations($0) }
    } else {
      try onMPI(chunk: MPICommunicator.largestChunk, allocations)
    }
  case "exchange": try onMPI(chunk: MPICommunicator.largestChunk, exchange)
  case "waiting": try onMPI(chunk: MPICommunicator.largestChunk, waiting)
  case "bench" where numbers.count == 2:
    let bytes = numbers[0]
    onThreads(numbers[1]) { try bench($0, bytes: bytes) }
  case "bench" where numbers.count == 1:
    try onMPI(chunk: MPICommunicator.largestChunk) { try bench($0, bytes: numbers[0]) }
  default:
    say("no such check: \(CommandLine.arguments)")
    exit(ExitCode.usage.rawValue)
  }
} catch {
  say("failed: \(error)")
  exit(ExitCode.internalError.rawValue)
}
