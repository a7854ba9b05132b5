import Failures
import Glibc
import Synchronization
import Threads

/// A small server of HTTP/1.1 for pages and numbers about a run: GET and HEAD alone, one answer a connection, a few
/// connections at once, on one thread of its own.
///
/// It is for a reader or two on a machine or a network that is trusted: there is no encryption and no password.
public final class HTTPServer: Sendable {
  /// More clients than this wait in the system's queue until one of these is done.
  package static let maximumConnections = 16
  /// Milliseconds after which a server that has nothing to do looks whether it is to stop.
  private static let tick: Int32 = 100

  /// The options with which a user says where to listen; failures name them.
  public struct Options: Sendable {
    let host: String
    let port: String

    public init(host: String = "--host", port: String = "--port") {
      self.host = host
      self.port = port
    }
  }

  public let host: String
  /// The port that it has, also where 0 asked for any.
  public let port: Int
  private let isStopping = Atomic(false)
  private let thread = Monitor<DedicatedThread?>(nil)

  /// Where a browser finds it; with a host of `0.0.0.0` or `::`, one on this machine.
  public var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/" }

  /// Begins to listen and to answer.
  ///
  /// - Parameters:
  ///   - host: a name or an address of this machine; `127.0.0.1` is reached from it alone, `0.0.0.0` from everywhere.
  ///   - port: 0 for any that is free.
  ///   - options: what the user calls these two.
  ///   - respond: answers a request, on the server's thread, one at a time.
  /// - Throws: `cannotWrite` where the port is in use or not allowed, and for what is no address of this machine; `usage` for
  ///   what is no port.
  public init(
    host: String = "127.0.0.1", port: Int, options: Options = Options(),
    _ respond: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) throws(Failure) {
    let (listener, port) = try Listener.open(host, port, options)
    self.host = host
    self.port = port
    thread.update {
      $0 = DedicatedThread(name: "http") { [self] in
        serve(listener, respond)
        close(listener)
      }
    }
  }

  /// Ends the server and every connection, and waits until its thread is done. Without it the server lives as long as the
  /// program.
  public func stop() {
    guard let thread = thread.update({ thread in thread.take() }) else { return }
    isStopping.store(true, ordering: .relaxed)
    thread.join()
  }

  /// Allocates nothing while nobody asks.
  private func serve(_ listener: Int32, _ respond: (HTTPRequest) -> HTTPResponse) {
    var connections: [HTTPConnection] = []
    var waits: [pollfd] = []
    waits.reserveCapacity(Self.maximumConnections + 1)
    while !isStopping.load(ordering: .relaxed) {
      waits.removeAll(keepingCapacity: true)
      for connection in connections {
        waits.append(pollfd(fd: connection.socket, events: connection.events, revents: 0))
      }
      if connections.count < Self.maximumConnections {
        waits.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
      }
      // Nothing is ready in a poll that a signal interrupts.
      guard poll(&waits, nfds_t(waits.count), Self.tick) >= 0 else { continue }
      let now = monotonicSeconds()
      // From the last, so that who goes leaves the places before it as they are.
      let hasNewcomer = waits.count > connections.count && waits[connections.count].revents != 0
      for index in connections.indices.reversed() {
        let connection = connections[index]
        let goesOn =
          waits[index].revents == 0 ? now < connection.deadline : connection.proceed(at: now, respond)
        if !goesOn { connections.remove(at: index) }
      }
      if hasNewcomer, let socket = Listener.accept(listener) {
        connections.append(HTTPConnection(socket, at: now))
      }
    }
  }
}
