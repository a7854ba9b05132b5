import Synchronization

/// A place where the threads of a team wait until all of them have come.
///
/// Who waits looks again and again for a moment, since the others are mostly about to come, and then sleeps. Allocates nothing.
public final class Barrier: Sendable {
  private let count: Int
  private let arrived = Atomic<Int>(0)
  private let round = Atomic<Int>(0)
  private let sleepers = Monitor(())

  /// Looks before sleeping: some ten microseconds.
  private static let looks = 10_000

  public init(count: Int) {
    precondition(count > 0, "somebody comes to a barrier")
    self.count = count
  }

  /// Waits for the others; what they wrote before they came can be read afterwards.
  public func wait() {
    guard count > 1 else { return }
    let current = round.load(ordering: .acquiring)
    guard arrived.add(1, ordering: .acquiringAndReleasing).newValue < count else {
      arrived.store(0, ordering: .relaxed)
      round.store(current + 1, ordering: .releasing)
      sleepers.update { _ in }
      return
    }
    for _ in 0..<Self.looks where round.load(ordering: .acquiring) != current { return }
    sleepers.wait(until: { round.load(ordering: .acquiring) != current })
  }
}
