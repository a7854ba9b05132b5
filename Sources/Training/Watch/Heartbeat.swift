import Failures
import Files

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a rank says about itself every few seconds: the content of `heartbeats/rank-N`, seven numbers of 64 bits.
package struct Heartbeat: Equatable, Sendable {
  private var magic = Self.expectedMagic
  /// Counts the beats. A rank is alive as long as others see it change; their clocks need not agree.
  package var count: Int64 = 0
  package var process = Int64(getpid())
  package var step: Int64 = 0
  package var phase = Pulse.Phase.starting.rawValue
  /// How long it has been waiting for others; 0 where it does not.
  package var millisecondsWaited: Int64 = 0
  private var reserved: Int64 = 0

  package init() {}

  private static let expectedMagic: Int64 = 0x3174_6165_4272_4e43

  /// The file of one rank. It is opened for each beat and each look, because network file systems promise to show what
  /// was written to those who open a file after its writer closed it. Nothing is allocated on the heap.
  package struct File: Sendable {
    private let path: [CChar]

    package init(_ path: String) { self.path = path.utf8CString.map { $0 } }

    /// A heartbeat that cannot be written is no reason to stop: the others then see none.
    package func write(_ beat: Heartbeat) {
      let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
      guard file >= 0 else { return }
      withUnsafeBytes(of: beat) { _ = pwrite(file, $0.baseAddress, $0.count, 0) }
      close(file)
    }

    /// Nil where there is none that is whole.
    package func read() -> Heartbeat? {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      var beat = Heartbeat()
      let count = withUnsafeMutableBytes(of: &beat) { pread(file, $0.baseAddress, $0.count, 0) }
      return count == MemoryLayout<Heartbeat>.size && beat.magic == Heartbeat.expectedMagic ? beat : nil
    }
  }
}
