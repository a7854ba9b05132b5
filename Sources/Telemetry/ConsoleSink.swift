import Glibc
import Synchronization

/// Where a console's bytes go: a file descriptor, or a test's memory.
public protocol ConsoleSink: Sendable {
  /// Writes the text at once; what cannot be written is dropped.
  func write(_ text: String)
  /// Columns of the terminal behind it, asked anew for each drawing; nil where there is no terminal.
  var columns: Int? { get }
}

/// Standard output or standard error.
///
/// A reader that goes away (`| head`) never ends the program: SIGPIPE is ignored from the first sink on, and once
/// nobody reads any more, everything written is dropped.
public final class DescriptorSink: ConsoleSink {
  private let descriptor: Int32
  private let isClosed = Mutex(false)

  public init(_ descriptor: Int32) {
    self.descriptor = descriptor
    signal(SIGPIPE, SIG_IGN)
  }

  public static let standardOutput = DescriptorSink(STDOUT_FILENO)
  public static let standardError = DescriptorSink(STDERR_FILENO)

  /// mpirun gives every rank a pseudo-terminal, also when its own output is a file; such a one has no width.
  public var columns: Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  public func write(_ text: String) {
    var text = text
    text.withUTF8 { buffer in
      isClosed.withLock { closed in
        var done = 0
        while !closed && done < buffer.count {
          let count = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
          if count >= 0 {
            done += count
          } else if errno == EAGAIN {
            // Somebody made the descriptor non-blocking: a reader that is busy for a second loses the text.
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&request, 1, 1000) <= 0 { return }
          } else if errno != EINTR {
            closed = errno == EPIPE || errno == EIO || errno == EBADF
            return
          }
        }
      }
    }
  }
}
