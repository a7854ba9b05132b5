import Failures
import Tensors
import Threads

/// What one rank brings to a collective.
struct InProcessCall {
  enum Kind: String {
    case barrier
    case broadcast
    case allGather = "all-gather"
    case floatSum = "all-reduce (sum of floats)"
    case treeSum = "all-reduce (sum of floats in a tree)"
    case treePart = "reduce-scatter (sum of floats in a tree)"
    case gatherParts = "all-gather of parts"
    case floatMax = "all-reduce (max of floats)"
    case doubleSum = "all-reduce (sum of doubles)"
    case doubleMax = "all-reduce (max of doubles)"
    case int64Sum = "all-reduce (sum of integers)"
    case int64Max = "all-reduce (max of integers)"
  }

  var kind: Kind
  var count: Int
  var root: Int
  /// Of numbers that ranks send each other.
  var format: FloatFormat
  var address: UnsafeMutableRawPointer?

  init(
    _ kind: Kind, count: Int = 0, root: Int = 0, format: FloatFormat = .f32,
    address: UnsafeMutableRawPointer? = nil
  ) {
    self.kind = kind
    self.count = count
    self.root = root
    self.format = format
    self.address = address
  }

  func matches(_ other: InProcessCall) -> Bool {
    kind == other.kind && count == other.count && root == other.root && format == other.format
  }

  var description: String {
    switch kind {
    case .barrier: "a barrier"
    case .broadcast: "a broadcast of \(count) bytes from rank \(root)"
    case .allGather: "an all-gather of \(count) bytes"
    case .treePart: "a \(kind.rawValue) over \(count) in \(format.rawValue)"
    case .gatherParts: "an \(kind.rawValue) over \(count) in \(format.rawValue)"
    default: "an \(kind.rawValue) over \(count)"
    }
  }
}

/// Where the ranks of one process meet.
///
/// A collective is two meetings: at the first every rank has shown its buffers, at the second every rank is done with
/// them. Only the first can fail because a rank is gone: between the two nobody waits for anything, so the second is
/// always complete and no rank takes its memory away while another still copies it.
final class InProcessWorld: @unchecked Sendable {
  private struct Meeting {
    var number = 0
    var arrived = 0
    /// The first rank that is gone, and its exit code; 0 for one that left in good order.
    var lostRank = -1
    var lostCode: Int32 = 0
  }

  let size: Int
  private let meeting = Monitor(Meeting())
  /// Two sets of calls in turn: a rank can be one meeting ahead of another that still reads the last one's calls.
  private let calls: UnsafeMutablePointer<InProcessCall>
  private let turns: UnsafeMutablePointer<Int>

  init(size: Int) {
    self.size = size
    calls = .allocate(capacity: 2 * size)
    calls.initialize(repeating: InProcessCall(.barrier), count: 2 * size)
    turns = .allocate(capacity: size)
    turns.initialize(repeating: 0, count: size)
  }

  deinit {
    calls.deallocate()
    turns.deallocate()
  }

  /// Shows `call` and waits for every rank's; returns all of them, valid until `finish`.
  func enter(_ rank: Int, _ call: InProcessCall) throws(Failure) -> UnsafePointer<InProcessCall> {
    let peers = calls + (turns[rank] & 1) * size
    turns[rank] += 1
    peers[rank] = call
    try meetUnlessLost()
    for peer in 1..<size where !peers[peer].matches(peers[0]) {
      throw Failure(
        .internalError,
        "ranks disagree: rank 0 makes \(peers[0].description), rank \(peer) makes \(peers[peer].description)")
    }
    return UnsafePointer(peers)
  }

  /// Waits until every rank is done with the buffers that were shown.
  func finish() {
    let number = meeting.update { arrive(&$0) }
    meeting.wait(until: { $0.number != number })
  }

  private func meetUnlessLost() throws(Failure) {
    let number = meeting.update { $0.lostRank < 0 ? arrive(&$0) : -1 }
    if number >= 0 { meeting.wait(until: { $0.number != number || $0.lostRank >= 0 }) }
    let (met, lostRank, lostCode) = meeting.read {
      ($0.number != number && number >= 0, $0.lostRank, $0.lostCode)
    }
    guard !met else { return }
    throw Failure(
      .peerLost,
      lostCode == 0 ? "rank \(lostRank) has left" : "rank \(lostRank) aborted the run with code \(lostCode)")
  }

  /// Counts one rank in; the last one starts the next meeting. Returns the number of the meeting.
  private func arrive(_ meeting: inout Meeting) -> Int {
    let number = meeting.number
    meeting.arrived += 1
    if meeting.arrived == size {
      meeting.arrived = 0
      meeting.number += 1
    }
    return number
  }

  func leave(_ rank: Int) { lose(rank, 0) }

  func abort(_ rank: Int, _ code: ExitCode) { lose(rank, code.rawValue) }

  private func lose(_ rank: Int, _ code: Int32) {
    meeting.update {
      guard $0.lostRank < 0 else { return }
      $0.lostRank = rank
      $0.lostCode = code
    }
  }
}
