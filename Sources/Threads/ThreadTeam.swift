/// Work that is cut into as many parts as a team has threads.
public protocol TeamWork: AnyObject {
  /// Does one part, from 1: the first is the caller's own.
  func run(part: Int)
}

/// Threads that do the parts of one piece of work at the same time.
///
///     team.run(work) { /* part 0, on the caller's thread */ }
///
/// One thread at a time calls it. Running work allocates nothing.
public final class ThreadTeam: @unchecked Sendable {
  /// Threads, the caller's included.
  public let count: Int
  private let shared: Shared
  private let threads: [DedicatedThread]

  /// What the threads know of the team; they do not keep it alive.
  private final class Shared: @unchecked Sendable {
    let start: Barrier
    let end: Barrier
    /// Written before `start`, read behind it; nil ends the threads.
    var work: (any TeamWork)?

    init(_ count: Int) {
      start = Barrier(count: count)
      end = Barrier(count: count)
    }
  }

  /// - Parameter name: what debuggers show.
  public init(count: Int, name: String) {
    precondition(count > 0, "a team has a thread")
    self.count = count
    let shared = Shared(count)
    self.shared = shared
    threads = (1..<count).map { part in
      DedicatedThread(name: "\(name) \(part)") {
        while true {
          shared.start.wait()
          guard let work = shared.work else { return }
          work.run(part: part)
          shared.end.wait()
        }
      }
    }
  }

  deinit {
    shared.start.wait()
    for thread in threads { thread.join() }
  }

  /// Does all parts of `work` and returns when the last is done.
  ///
  /// - Parameter first: part 0.
  public func run(_ work: any TeamWork, first: () throws -> Void) rethrows {
    shared.work = work
    shared.start.wait()
    defer {
      shared.end.wait()
      shared.work = nil
    }
    try first()
  }

  /// The `part`-th of the team's parts of `count` things; they differ by at most one.
  public func range(_ part: Int, of count: Int) -> Range<Int> {
    count * part / self.count..<count * (part + 1) / self.count
  }
}
