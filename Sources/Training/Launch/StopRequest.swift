import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Requests to stop that come as signals, for the training loop to look at between steps.
///
/// SIGUSR1, SIGTERM and SIGINT ask all ranks to save after the step they are in. A second SIGTERM or SIGINT ends the
/// process at once, by the signal's own default.
public enum StopRequest {
  private static let requested = Atomic<Bool>(false)
  private static let ending = Atomic<Bool>(false)

  /// Whether this process was asked to stop.
  public static var isPending: Bool { requested.load(ordering: .relaxed) }

  /// Whether it was SIGTERM or SIGINT, after which mpirun leaves little time.
  static var isEnding: Bool { ending.load(ordering: .relaxed) }

  /// Starts to listen; called first of all, so that no signal finds the process unprepared.
  public static func install() {
    requested.store(false, ordering: .relaxed)
    ending.store(false, ordering: .relaxed)
    signal(SIGPIPE, SIG_IGN)
    // A parent may have left them blocked.
    var heard = sigset_t()
    sigemptyset(&heard)
    for number in [SIGUSR1, SIGTERM, SIGINT] { sigaddset(&heard, number) }
    pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    signal(SIGUSR1) { _ in StopRequest.requested.store(true, ordering: .relaxed) }
    for last in [SIGTERM, SIGINT] {
      signal(last) { number in
        StopRequest.ending.store(true, ordering: .relaxed)
        if StopRequest.requested.exchange(true, ordering: .relaxed) {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
  }
}
