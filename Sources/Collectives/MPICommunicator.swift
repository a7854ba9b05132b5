internal import CMPI
import Failures
import Glibc
import Tensors

/// All ranks of an MPI job: the only file that imports the MPI shim.
///
/// Owns MPI: `init` starts it and `close` finalises it, once per process. The thread that creates a communicator makes
/// every call; a `CommunicationThread` sees to that.
public final class MPICommunicator: Communicator {
  public let rank: Int
  public let size: Int
  public let localRank: Int
  public let localSize: Int
  public let hostName: String
  private let handle: OpaquePointer
  private let owner = pthread_self()

  /// Elements that one MPI call moves at most: MPI counts in C ints.
  public static var largestChunk: Int { Int(CMPI_CHUNK) }

  /// Starts MPI and joins its world.
  ///
  /// - Parameter chunk: elements that one MPI call moves, the same on every rank; tests make it small.
  public init(chunk: Int = largestChunk) throws(Failure) {
    guard cmpi_is_running() == 0, cmpi_is_finalized() == 0 else {
      throw Failure(.internalError, "MPI was started twice in one process", at: "MPI_Init_thread")
    }
    // Open MPI waits by polling. The processor that it polls on is wanted by the threads that compute meanwhile, so it
    // has to yield: measured on one core, a rank that waits takes half of the computing thread's time otherwise. Whoever
    // set the variable knows better.
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0)
    let start = "start-up"
    try check(cmpi_init(), "MPI_Init_thread", at: start)
    var opened: OpaquePointer?
    try check(cmpi_open_world(Int64(chunk), &opened), "MPI_Comm_dup", at: start)
    guard let opened else { throw Failure(.internalError, "MPI gave no communicator", at: "MPI_Comm_dup") }
    handle = opened
    pieces = .allocate(capacity: 2 * Self.piece)

    var (rank, size, localRank, localSize): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    try check(cmpi_rank(opened, &rank), "MPI_Comm_rank", at: start)
    try check(cmpi_size(opened, &size), "MPI_Comm_size", at: start)
    try check(cmpi_local(opened, &localRank, &localSize), "MPI_Comm_split_type", at: "rank \(rank)")
    var status: Int32 = 0
    hostName = text { status = cmpi_processor_name($0) }
    try check(status, "MPI_Get_processor_name", at: "rank \(rank)")
    self.rank = Int(rank)
    self.size = Int(size)
    self.localRank = Int(localRank)
    self.localSize = Int(localSize)
  }

  deinit { pieces.deallocate() }

  /// The MPI library that the program was compiled against, for example `Open MPI 4.1.4`.
  public static var compiledVersion: String { text { cmpi_compiled_version($0) } }

  /// The MPI library that is loaded, in its own words.
  public static var libraryVersion: String { text { cmpi_library_version($0) } }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure) {
    checkRoot(root)
    try call("MPI_Bcast") { cmpi_broadcast(handle, bytes.baseAddress, Int64(bytes.count), Int32(root)) }
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>, _ reduction: Reduction) throws(Failure) {
    try reduce(values.baseAddress, values.count, CMPI_FLOAT, reduction)
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Double>, _ reduction: Reduction) throws(Failure)
  {
    try reduce(values.baseAddress, values.count, CMPI_DOUBLE, reduction)
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Int64>, _ reduction: Reduction) throws(Failure) {
    try reduce(values.baseAddress, values.count, CMPI_INT64, reduction)
  }

  private func reduce(
    _ values: UnsafeMutableRawPointer?, _ count: Int, _ type: cmpi_type, _ reduction: Reduction
  ) throws(Failure) {
    let operation = reduction == .sum ? CMPI_SUM : CMPI_MAX
    try call("MPI_Allreduce") { cmpi_all_reduce(handle, values, Int64(count), type, operation) }
  }

  // MARK: Sums in a tree

  /// What a piece of another rank's values is received into, twice: one is added up while the next is under way. Where 16 bits are
  /// sent, half of each is for what leaves.
  private static let piece = 1 << 16
  private let pieces: UnsafeMutablePointer<Float>
  /// Bytes that this rank has sent others one by one, in sums in a tree and what belongs to them.
  public private(set) var bytesSent = 0

  /// Recursive halving and doubling, the nearest rank first (Rabenseifner, 2004): ranks that differ in one bit of their numbers
  /// exchange halves, add them up, and go on with the next bit and a half of their range; then every one gets back what it gave. A
  /// rank sends 2 (R - 1) / R of the vector, as a ring does, in 2 log R steps.
  public func sumInTree(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure) {
    checkTree()
    try tree(.both, values, RankParts(0..<values.count, ranks: size, grain: 16), .f32)
  }

  public func sumPartInTree(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure) {
    checkTree()
    checkParts(parts, of: values)
    try tree(.halving, values, parts, format)
  }

  public func gatherParts(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure) {
    checkParts(parts, of: values)
    guard !parts.areHalves else { return try tree(.doubling, values, parts, format) }
    precondition(format == .f32, "16 bits are sent where sums have the form of a tree")
    for root in 0..<size {
      let part = parts[root]
      let first = part.lowerBound - parts.range.lowerBound
      let own = UnsafeMutableBufferPointer(rebasing: values[first..<first + part.count])
      try broadcast(UnsafeMutableRawBufferPointer(own), from: root)
    }
  }

  /// What of a sum in a tree is done: everything, or one half of it.
  private enum Passage { case both, halving, doubling }

  private func tree(
    _ passage: Passage, _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts,
    _ format: FloatFormat
  ) throws(Failure) {
    guard let base = values.baseAddress else { return }
    try tree(passage, base, parts.range, parts, format, distance: 1)
  }

  /// - Parameter part: the elements of the parts' range that are left to this rank and those further away.
  private func tree(
    _ passage: Passage, _ base: UnsafeMutablePointer<Float>, _ part: Range<Int>, _ parts: RankParts,
    _ format: FloatFormat, distance: Int
  ) throws(Failure) {
    guard distance < size else { return }
    let peer = rank ^ distance
    func place(_ range: Range<Int>) -> UnsafeMutablePointer<Float> {
      base + (range.lowerBound - parts.range.lowerBound)
    }
    // So few values that halving them would only take more messages.
    guard passage != .both || part.count > 1024 else {
      try add(from: peer, sending: place(part), part.count, to: place(part), part.count, format)
      return try tree(passage, base, part, parts, format, distance: 2 * distance)
    }
    let (own, other) = parts.halves(of: part, rank: rank, distance: distance)
    if passage != .doubling {
      try add(from: peer, sending: place(other), other.count, to: place(own), own.count, format)
    }
    try tree(passage, base, own, parts, format, distance: 2 * distance)
    if passage != .halving {
      try exchange(place(own), own.count, place(other), other.count, with: peer, format)
    }
  }

  /// values += those of rank `peer`, which gets what is `sent`: other values, or the same if they are one piece.
  private func add(
    from peer: Int, sending sent: UnsafeMutablePointer<Float>, _ sentCount: Int,
    to values: UnsafeMutablePointer<Float>, _ count: Int, _ format: FloatFormat
  ) throws(Failure) {
    try forEachPiece(from: peer, count, sending: sent, sentCount, format) { first, count, piece in
      switch format {
      case .f32:
        let source = piece.assumingMemoryBound(to: Float.self)
        for i in 0..<count { values[first + i] += source[i] }
      case .bf16:
        BFloat16.add(piece.assumingMemoryBound(to: UInt16.self), into: values + first, count: count)
      }
    }
  }

  /// Gives rank `peer` one range and gets another from it.
  private func exchange(
    _ sent: UnsafeMutablePointer<Float>, _ sentCount: Int, _ received: UnsafeMutablePointer<Float>,
    _ count: Int, with peer: Int, _ format: FloatFormat
  ) throws(Failure) {
    guard format == .f32 else {
      return try forEachPiece(from: peer, count, sending: sent, sentCount, format) { first, count, piece in
        BFloat16.unpack(
          piece.assumingMemoryBound(to: UInt16.self), into: received + first, count: count)
      }
    }
    // As much as MPI counts in one call.
    let most = Self.largestChunk / 4
    for first in stride(from: 0, to: max(sentCount, count), by: most) {
      let (leaving, coming) = (max(0, min(most, sentCount - first)), max(0, min(most, count - first)))
      try begin(0, sent + first, 4 * leaving, received + first, 4 * coming, with: peer)
      try end(0)
    }
  }

  /// Sends values to rank `peer` and calls `body` with each piece of the `count` that come from it, in `format`, while the next is under
  /// way.
  private func forEachPiece(
    from peer: Int, _ count: Int, sending sent: UnsafeMutablePointer<Float>, _ sentCount: Int,
    _ format: FloatFormat,
    _ body: (_ first: Int, _ count: Int, _ piece: UnsafeMutableRawPointer) -> Void
  ) throws(Failure) {
    func lengths(_ index: Int) -> (first: Int, leaving: Int, coming: Int) {
      let first = index * Self.piece
      return (first, max(0, min(Self.piece, sentCount - first)), max(0, min(Self.piece, count - first)))
    }
    func start(_ index: Int) throws(Failure) {
      let (first, leaving, coming) = lengths(index)
      let arriving = pieces + (index & 1) * Self.piece
      var departing = UnsafeMutableRawPointer(sent + first)
      if format == .bf16 {
        departing = UnsafeMutableRawPointer(arriving + Self.piece / 2)
        BFloat16.pack(
          sent + first, into: departing.assumingMemoryBound(to: UInt16.self), count: leaving)
      }
      try begin(
        index & 1, departing, format.width * leaving, arriving, format.width * coming, with: peer)
    }
    let number = (max(sentCount, count) + Self.piece - 1) / Self.piece
    guard number > 0 else { return }
    try start(0)
    for index in 0..<number {
      if index + 1 < number { try start(index + 1) }
      try end(index & 1)
      let (first, _, coming) = lengths(index)
      body(first, coming, pieces + (index & 1) * Self.piece)
    }
  }

  /// Begins to send and to receive, as number 0 or 1 of what is under way; bytes.
  private func begin(
    _ number: Int, _ sent: UnsafeMutableRawPointer, _ sentBytes: Int, _ received: UnsafeMutableRawPointer,
    _ bytes: Int, with peer: Int
  ) throws(Failure) {
    bytesSent += sentBytes
    try call("MPI_Isend") {
      cmpi_exchange_begin(
        handle, Int32(number), sent, Int64(sentBytes), received, Int64(bytes), Int32(peer))
    }
  }

  private func end(_ number: Int) throws(Failure) {
    try call("MPI_Waitall") { cmpi_exchange_end(handle, Int32(number)) }
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer)
    throws(Failure)
  {
    checkGather(bytes.count, into: all.count)
    try call("MPI_Allgather") {
      cmpi_all_gather(handle, bytes.baseAddress, Int64(bytes.count), all.baseAddress)
    }
  }

  /// Sends `sent` to rank `peer` and receives as much from it, at once; both ranks call it, and no other.
  public func exchange(_ sent: inout [UInt8], _ received: inout [UInt8], with peer: Int) throws(Failure) {
    precondition(sent.count == received.count, "an exchange is as long both ways")
    checkRoot(peer)
    let count = Int64(sent.count)
    try call("MPI_Sendrecv") { cmpi_exchange(handle, &sent, &received, count, Int32(peer)) }
  }

  public func barrier() throws(Failure) {
    try call("MPI_Barrier") { cmpi_barrier(handle) }
  }

  /// Finalises MPI, which waits until every rank does.
  public func close() throws(Failure) {
    try call("MPI_Comm_free") { cmpi_close(handle) }
    try call("MPI_Finalize") { cmpi_finalize() }
  }

  /// MPI grants its calls to one thread alone, but a job that ends because that thread hangs has nothing to lose.
  public func abort(_ code: ExitCode) {
    _ = cmpi_abort(code.rawValue)
  }

  private func call(_ name: StaticString, _ body: () -> Int32) throws(Failure) {
    precondition(pthread_equal(owner, pthread_self()) != 0, "MPI belongs to the thread that started it")
    let status = body()
    guard status != 0 else { return }
    try check(status, name, at: place)
  }
}

/// The funnel for every status of the shim: throws what MPI says, with the call and the rank.
private func check(_ status: Int32, _ call: StaticString, at place: String) throws(Failure) {
  guard status != 0 else { return }
  throw Failure(.peerLost, "\(call) failed: \(text { cmpi_error_text(status, $0) })", at: place)
}

/// A text that the shim writes into a buffer of its fixed capacity.
private func text(_ write: (UnsafeMutablePointer<CChar>) -> Void) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CMPI_TEXT_CAPACITY)) { buffer in
    buffer.initialize(repeating: 0)
    write(buffer.baseAddress!)
    return String(cString: buffer.baseAddress!)
  }
}
