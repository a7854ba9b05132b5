#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// State that several threads share: a value behind a mutex, with a condition to wait on.
///
/// Nothing here allocates after `init`, so a training step can use it.
public final class Monitor<State>: @unchecked Sendable {
  private var state: State
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init(_ state: sending State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` alone, then wakes every waiter so that it looks at the state again.
  @discardableResult
  public func update<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return try body(&state)
  }

  /// Runs `body` alone, without waking anybody.
  public func read<Result>(_ body: (State) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(state)
  }

  /// Waits until `ready` holds, then runs `body` alone and wakes every waiter.
  @discardableResult
  public func wait<Result>(
    until ready: (State) -> Bool, then body: (inout State) throws -> Result
  ) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    while !ready(state) { pthread_cond_wait(condition, mutex) }
    return try body(&state)
  }

  /// Waits until `ready` holds.
  public func wait(until ready: (State) -> Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !ready(state) { pthread_cond_wait(condition, mutex) }
  }
}
