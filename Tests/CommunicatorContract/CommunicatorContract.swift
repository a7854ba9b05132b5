import Collectives
import Failures

/// What a communicator did that it must not do.
public struct ContractViolation: Error, CustomStringConvertible {
  public let description: String
}

/// What every communicator must do, whatever is behind it.
///
/// Every rank runs the same checks in the same order, each on its own communication thread.
public struct CommunicatorContract: Sendable {
  public let name: String
  public let run: @Sendable (CommunicationThread) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (CommunicationThread) throws -> Void) {
    self.name = name
    self.run = run
  }

  /// A check of the collectives themselves, made on the thread's communicator and again through the thread.
  static func collective(_ name: String, _ check: @escaping @Sendable (any Communicator) throws -> Void)
    -> Self
  {
    Self(name) { thread in
      let outcome = try thread.perform { communicator in Result { try check(communicator) } }
      try outcome.get()
      try check(thread)
    }
  }

  public static let all: [CommunicatorContract] = collectives + phases + gradients
}

/// Fails the check with `message` unless `condition` holds.
public func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ContractViolation(description: message()) }
}

/// The failure that `body` throws.
public func failure(of body: () throws -> Void) throws -> Failure {
  do { try body() } catch let failure as Failure { return failure }
  throw ContractViolation(description: "expected a failure, and none was thrown")
}

extension Communicator {
  /// Every rank's number, in the order of ranks.
  func gather(_ value: Int) throws -> [Int] {
    var all = [Int](repeating: -1, count: size)
    try withUnsafeBytes(of: value) { bytes in
      try all.withUnsafeMutableBytes { try allGather(bytes, into: $0) }
    }
    return all
  }
}

/// A small generator of repeatable numbers (SplitMix64, Steele et al., 2014).
struct RepeatableNumbers {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
