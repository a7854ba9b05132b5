import Failures
import Tensors

/// How values of several ranks become one.
public enum Reduction: Sendable {
  case sum
  /// The largest value. What a NaN does to it is unspecified: find NaNs by other means.
  case max
}

/// A group of ranks that exchange data by blocking collectives.
///
/// Every rank makes the same calls, in the same order, with the same lengths. A communicator is used by one thread at a
/// time; only `abort` may come from another. Every call throws `Failure(.peerLost)` when another rank is gone.
public protocol Communicator: AnyObject {
  /// This rank's number, `0 ..< size`.
  var rank: Int { get }
  /// Ranks in the group.
  var size: Int { get }
  /// This rank's number among the ranks of this machine.
  var localRank: Int { get }
  /// Ranks on this machine.
  var localSize: Int { get }
  var hostName: String { get }

  /// Overwrites `bytes` on every rank with those of rank `root`.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure)

  /// Overwrites `values` on every rank, element by element, with their sum or maximum over all ranks.
  func allReduce(_ values: UnsafeMutableBufferPointer<Float>, _ reduction: Reduction) throws(Failure)
  func allReduce(_ values: UnsafeMutableBufferPointer<Double>, _ reduction: Reduction) throws(Failure)
  func allReduce(_ values: UnsafeMutableBufferPointer<Int64>, _ reduction: Reduction) throws(Failure)

  /// Overwrites `values` on every rank with their sum over all ranks, added up in a fixed tree: neighbouring ranks, then
  /// neighbouring pairs of them, and so on. So it has the bits that one rank would get which had the values of all. The number of
  /// ranks is a power of two.
  func sumInTree(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure)

  /// The first half of ``sumInTree(_:)``: overwrites this rank's part of `values` with its bits; what the other parts hold
  /// afterwards is of no use.
  ///
  /// - Parameters:
  ///   - values: the elements of the parts' range.
  ///   - parts: of as many ranks as there are.
  ///   - format: in which ranks send. With `bf16` both sums that meet in a node of the tree are rounded before they are added, that of
  ///     the rank itself too; the sum of all is not.
  func sumPartInTree(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure)

  /// Overwrites `values` on every rank with each rank's own part of them: the second half of ``sumInTree(_:)``. For any number of
  /// ranks; in `bf16` for a power of two.
  ///
  /// - Parameter format: in which ranks send; their own parts are numbers of it.
  func gatherParts(
    _ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts, as format: FloatFormat
  ) throws(Failure)

  /// Fills `all` (size times the length of `bytes`) with every rank's bytes in the order of ranks.
  func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) throws(Failure)

  /// Returns when every rank has called it.
  func barrier() throws(Failure)

  /// Leaves the group; nothing may be called after it.
  func close() throws(Failure)

  /// Ends the whole job: ranks that wait for this one stop with a failure or with exit code `code`. Callable from any
  /// thread, also while another is stuck in a collective.
  func abort(_ code: ExitCode)
}

extension Communicator {
  /// ``sumPartInTree(_:_:as:)`` without rounding.
  public func sumPartInTree(_ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts) throws(Failure) {
    try sumPartInTree(values, parts, as: .f32)
  }

  /// ``gatherParts(_:_:as:)`` of all bits.
  public func gatherParts(_ values: UnsafeMutableBufferPointer<Float>, _ parts: RankParts) throws(Failure) {
    try gatherParts(values, parts, as: .f32)
  }

  /// Where this rank runs, for error messages.
  public var place: String { "rank \(rank) on \(hostName)" }

  /// Preconditions that every backend shares.
  func checkRoot(_ root: Int) {
    precondition(root >= 0 && root < size, "no rank \(root) in a group of \(size)")
  }

  func checkTree() {
    precondition(size & (size - 1) == 0, "a tree of ranks has a power of two, not \(size)")
  }

  func checkParts(_ parts: RankParts, of values: UnsafeMutableBufferPointer<Float>) {
    precondition(
      parts.size == size && parts.range.count == values.count,
      "parts of \(parts.range.count) values for \(parts.size) ranks, not of \(values.count) for \(size)")
  }

  func checkGather(_ bytes: Int, into all: Int) {
    precondition(
      all == bytes * size, "gathering \(bytes) bytes of \(size) ranks needs \(bytes * size), not \(all)")
  }
}
