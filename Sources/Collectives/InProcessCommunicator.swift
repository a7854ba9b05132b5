import Failures
import Glibc
import Tensors

/// Ranks as threads of one process: collectives over shared memory, without MPI.
///
/// Each rank belongs to one thread. A sum adds the ranks' values in the order of ranks, so it has the same bits on every
/// rank and in every run. Unlike MPI, calls that do not match (another collective, another length) are found: every rank
/// throws `Failure(.internalError)`.
public final class InProcessCommunicator: Communicator, @unchecked Sendable {
  public let rank: Int
  public let hostName: String
  private let world: InProcessWorld

  public var size: Int { world.size }
  public var localRank: Int { rank }
  public var localSize: Int { world.size }

  private init(rank: Int, hostName: String, world: InProcessWorld) {
    self.rank = rank
    self.hostName = hostName
    self.world = world
  }

  /// The ranks of a new world, each to be given to a thread of its own.
  ///
  /// A rank that is closed or released has left: whoever waits for it from then on gets a failure.
  public static func world(size: Int) -> [InProcessCommunicator] {
    precondition(size >= 1, "a world has at least one rank")
    let world = InProcessWorld(size: size)
    let host = hostNameOfThisMachine()
    return (0..<size).map { InProcessCommunicator(rank: $0, hostName: host, world: world) }
  }

  deinit { world.leave(rank) }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure) {
    checkRoot(root)
    guard size > 1 else { return }
    let call = InProcessCall(.broadcast, count: bytes.count, root: root, address: bytes.baseAddress)
    try collective(call) { peers in
      guard rank != root, bytes.count > 0 else { return }
      bytes.baseAddress!.copyMemory(from: peers[root].address!, byteCount: bytes.count)
    }
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>, _ reduction: Reduction) throws(Failure) {
    switch reduction {
    case .sum: try reduce(.floatSum, values) { $0 + $1 }
    case .max: try reduce(.floatMax, values) { $1 > $0 ? $1 : $0 }
    }
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Double>, _ reduction: Reduction) throws(Failure)
  {
    switch reduction {
    case .sum: try reduce(.doubleSum, values) { $0 + $1 }
    case .max: try reduce(.doubleMax, values) { $1 > $0 ? $1 : $0 }
    }
  }

  public func allReduce(_ values: UnsafeMutableBufferPointer<Int64>, _ reduction: Reduction) throws(Failure) {
    switch reduction {
    case .sum: try reduce(.int64Sum, values) { $0 &+ $1 }
    case .max: try reduce(.int64Max, values) { $1 > $0 ? $1 : $0 }
    }
  }

  public func sumInTree(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure) {
    checkTree()
    try reduce(.treeSum, values) { $0 + $1 }
  }

  public func sumPartInTree(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure) {
    checkTree()
    checkParts(parts, of: values)
    let first = parts.range.lowerBound
    let own = parts[rank].lowerBound - first..<parts[rank].upperBound - first
    switch format {
    case .f32: try reduce(.treePart, values, slice: own) { $0 + $1 }
    case .bf16:
      try reduce(.treePart, values, slice: own, format: .bf16) {
        BFloat16.rounded($0) + BFloat16.rounded($1)
      }
    }
  }

  /// Each rank fetches what the others have: nothing is sent, whatever the format.
  public func gatherParts(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure) {
    checkParts(parts, of: values)
    guard size > 1 else { return }
    let call = InProcessCall(
      .gatherParts, count: values.count, format: format, address: values.baseAddress)
    try collective(call) { peers in
      guard let base = values.baseAddress else { return }
      for peer in 0..<size where peer != rank {
        let first = parts[peer].lowerBound - parts.range.lowerBound
        let source = peers[peer].address!.assumingMemoryBound(to: Float.self)
        (base + first).update(from: source + first, count: parts[peer].count)
      }
    }
  }

  /// Each rank reduces a slice of its own and stores it in every rank's buffer, or where the slice is given in its own:
  /// 2 count elements of traffic a rank.
  @inline(__always)
  private func reduce<Value>(
    _ kind: InProcessCall.Kind, _ values: UnsafeMutableBufferPointer<Value>, slice: Range<Int>? = nil,
    format: FloatFormat = .f32, _ combine: (Value, Value) -> Value
  ) throws(Failure) {
    guard size > 1 else { return }
    let (rank, size) = (rank, size)
    let call = InProcessCall(kind, count: values.count, format: format, address: values.baseAddress)
    try collective(call) { peers in
      // Slices start on multiples of 16 elements, so that two ranks hardly ever write to one cache line.
      let share = ((values.count + size - 1) / size + 15) / 16 * 16
      let end = slice?.upperBound ?? min((rank + 1) * share, values.count)
      // The block stays in the first-level cache while all ranks are added to it.
      let block = 8192 / MemoryLayout<Value>.stride
      var start = slice?.lowerBound ?? rank * share
      while start < end {
        let count = min(block, end - start)
        let first = peers[0].address!.assumingMemoryBound(to: Value.self) + start
        func add(_ peer: Int, to sum: Int) {
          let sum = peers[sum].address!.assumingMemoryBound(to: Value.self) + start
          let other = peers[peer].address!.assumingMemoryBound(to: Value.self) + start
          for i in 0..<count { sum[i] = combine(sum[i], other[i]) }
        }
        if kind == .treeSum || kind == .treePart {
          var distance = 1
          while distance < size {
            for sum in stride(from: 0, to: size, by: 2 * distance) { add(sum + distance, to: sum) }
            distance *= 2
          }
        } else {
          for peer in 1..<size { add(peer, to: 0) }
        }
        for peer in 1..<size where slice == nil || peer == rank {
          let other = peers[peer].address!.assumingMemoryBound(to: Value.self) + start
          other.update(from: first, count: count)
        }
        start += count
      }
    }
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer)
    throws(Failure)
  {
    checkGather(bytes.count, into: all.count)
    let count = bytes.count
    guard size > 1 else { return all.copyMemory(from: bytes) }
    let address = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
    try collective(InProcessCall(.allGather, count: count, address: address)) { peers in
      guard count > 0 else { return }
      for peer in 0..<size {
        (all.baseAddress! + peer * count).copyMemory(from: peers[peer].address!, byteCount: count)
      }
    }
  }

  public func barrier() throws(Failure) {
    guard size > 1 else { return }
    // Nothing is copied, so nobody has to wait a second time.
    _ = try enter(InProcessCall(.barrier))
  }

  public func close() throws(Failure) { world.leave(rank) }

  public func abort(_ code: ExitCode) { world.abort(rank, code) }

  /// Runs `body` on the buffers of all ranks; no rank returns before all are done with each other's memory.
  @inline(__always)
  private func collective(
    _ call: InProcessCall, _ body: (UnsafePointer<InProcessCall>) -> Void
  ) throws(Failure) {
    body(try enter(call))
    world.finish()
  }

  /// Shows `call` to all ranks and waits for theirs.
  private func enter(_ call: InProcessCall) throws(Failure) -> UnsafePointer<InProcessCall> {
    do {
      return try world.enter(rank, call)
    } catch {
      var failure = error
      failure.location = "\(call.kind.rawValue) on \(place)"
      throw failure
    }
  }
}

private func hostNameOfThisMachine() -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    buffer.initialize(repeating: 0)
    // The last byte stays zero: a longer name is cut without a terminator.
    return gethostname(buffer.baseAddress!, 255) == 0 ? String(cString: buffer.baseAddress!) : "localhost"
  }
}
