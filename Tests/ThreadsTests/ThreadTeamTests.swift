import Glibc
import Synchronization
import Testing
import Threads

@Suite struct ThreadTeamTests {
  @Test(arguments: [1, 2, 3, 4])
  func everyPartRunsAndSeesTheOthers(count: Int) {
    let team = ThreadTeam(count: count, name: "test")
    for round in 1...200 {
      let counter = Counter(count)
      team.run(counter) { counter.run(part: 0) }
      #expect(counter.total == count * (count + 1) / 2, "round \(round)")
      #expect(counter.seen == Array(repeating: count, count: count))
    }
  }

  /// Counts who has come before the barrier, and looks behind it.
  private final class Counter: TeamWork, @unchecked Sendable {
    private let barrier: Barrier
    private let come = Atomic<Int>(0)
    private let sum = Atomic<Int>(0)
    private let views: UnsafeMutableBufferPointer<Int>
    var total: Int { sum.load(ordering: .sequentiallyConsistent) }
    var seen: [Int] { Array(views) }

    init(_ count: Int) {
      barrier = Barrier(count: count)
      views = .allocate(capacity: count)
      views.initialize(repeating: 0)
    }

    deinit { views.deallocate() }

    func run(part: Int) {
      come.add(1, ordering: .relaxed)
      sum.add(part + 1, ordering: .relaxed)
      barrier.wait()
      views[part] = come.load(ordering: .relaxed)
    }
  }

  /// A thread that comes long after the others finds them asleep, and wakes them.
  @Test func lateThreadsWakeTheOthers() {
    let barrier = Barrier(count: 2)
    let thread = DedicatedThread(name: "late") {
      for _ in 0..<3 {
        usleep(20_000)
        barrier.wait()
      }
    }
    for _ in 0..<3 { barrier.wait() }
    thread.join()
  }

  @Test func partsCoverEverything() {
    let team = ThreadTeam(count: 3, name: "test")
    for count in [0, 1, 2, 3, 10] {
      #expect((0..<3).flatMap { Array(team.range($0, of: count)) } == Array(0..<count))
    }
  }
}
