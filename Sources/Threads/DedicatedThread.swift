#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A plain thread of the operating system, for work that must not share a pool: a rank, a loader, the owner of MPI.
public final class DedicatedThread: @unchecked Sendable {
  private var handle = pthread_t(bitPattern: 0)
  private var joined = false

  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts `body` on a thread of its own.
  ///
  /// - Parameters:
  ///   - name: what debuggers and `top -H` show; the kernel keeps 15 characters.
  ///   - stackBytes: size of its stack.
  public init(name: String, stackBytes: Int = 8 << 20, body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    let status = pthread_create(
      &handle, &attributes,
      { argument in
        let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        nameThisThread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    pthread_attr_destroy(&attributes)
    precondition(status == 0, "the system has no room for another thread (error \(status))")
  }

  /// Waits until the body has returned. Call at most once.
  public func join() {
    precondition(!joined, "a thread is joined once")
    joined = true
    pthread_join(handle, nil)
  }

  /// Seconds that it has had a processor; for any thread, while it runs.
  public var processorSeconds: Double {
    var clock = clockid_t()
    var time = timespec()
    guard pthread_getcpuclockid(handle, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  deinit { if !joined { pthread_detach(handle) } }
}

/// Tells the kernel this thread's name; a system without `/proc` goes without.
private func nameThisThread(_ name: String) {
  let file = open("/proc/thread-self/comm", O_WRONLY)
  guard file >= 0 else { return }
  _ = Array(name.utf8.prefix(15)).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
  close(file)
}
