import Collectives
import CommunicatorContract
import Failures
import Glibc
import Threads

// Runs one check of MPI on the ranks that mpirun started; the tests start it. Exits with 0 when all went well.
//
//     mpi-contract contract [CHUNK]   the communicator contract, CHUNK elements a call
//     mpi-contract truncate           an error that MPI reports comes back as a failure
//     mpi-contract allocations        heap allocations of 100 steps, which must be none
//     mpi-contract abort              the last rank aborts while the others wait in a barrier
//     mpi-contract bench BYTES        seconds of an all-reduce, printed by rank 0

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

func abortWhileOthersWait(_ thread: CommunicationThread) throws {
  // From another thread than MPI's, which waits in a barrier on every rank but one.
  if thread.rank == thread.size - 1 {
    usleep(200_000)
    thread.abort(.peerLost)
  } else {
    try thread.barrier()
  }
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
  let reducer = GradientReducer(thread: thread, gradients: gradients, buckets: buckets)
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
  say("rank \(thread.rank): \(count) allocations in 100 steps")
  try thread.barrier()
}

/// The same on ranks of one process: they share the counter, so all of them count each other's.
func allocationsInProcess(ranks: Int) throws -> Int32 {
  let threads = InProcessCommunicator.world(size: ranks).map { communicator in
    DedicatedThread(name: "rank") {
      do {
        let thread = try CommunicationThread(name: "communication") { communicator }
        try allocations(thread)
        try thread.close()
      } catch {
        say("failed: \(error)")
        communicator.abort(.internalError)
      }
    }
  }
  for thread in threads { thread.join() }
  return 0
}

let arguments = CommandLine.arguments
let chunk = arguments.count > 2 && arguments[1] == "contract" ? Int(arguments[2]) : nil
do {
  if arguments.dropFirst().first == "allocations" {
    guard AllocationCount.start(), AllocationCount.countsOneObject() else {
      say("the Swift runtime counts no allocations")
      exit(ExitCode.internalError.rawValue)
    }
    if arguments.dropFirst(2).first == "threads" {
      exit(try allocationsInProcess(ranks: 3))
    }
  }
  let thread = try CommunicationThread(name: "mpi") { () throws(Failure) in
    try MPICommunicator(chunk: chunk ?? MPICommunicator.largestChunk)
  }
  switch arguments.dropFirst().first {
  case "contract": try contract(thread)
  case "truncate": try truncate(thread)
  case "allocations": try allocations(thread)
  case "abort": try abortWhileOthersWait(thread)
  case "bench": try bench(thread, bytes: arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0)
  default:
    say("which check?")
    exit(ExitCode.usage.rawValue)
  }
  try thread.close()
} catch {
  say("failed: \(error)")
  exit(ExitCode.internalError.rawValue)
}
