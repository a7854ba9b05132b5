import Glibc

/// One client: its request comes in, the answer goes out, and it is over.
final class HTTPConnection {
  /// Seconds for the whole request, and for the whole answer: whoever is slower makes room for others.
  private static let requestSeconds = 5.0
  private static let answerSeconds = 30.0

  let socket: Int32
  private var request: [UInt8] = []
  private var answer: [UInt8]?
  private var sent = 0
  private(set) var deadline: Double

  /// Takes over a socket that does not block.
  init(_ socket: Int32, at now: Double) {
    self.socket = socket
    deadline = now + Self.requestSeconds
  }

  deinit { close(socket) }

  /// What to wait for: more of the request, or room for more of the answer.
  var events: Int16 { Int16(answer == nil ? POLLIN : POLLOUT) }

  /// Goes on as far as the socket lets it.
  ///
  /// - Returns: whether there is more to do.
  func proceed(at now: Double, _ respond: (HTTPRequest) -> HTTPResponse) -> Bool {
    if answer == nil, !receive(at: now, respond) { return false }
    return send()
  }

  /// - Returns: false where the client is gone.
  private func receive(at now: Double, _ respond: (HTTPRequest) -> HTTPResponse) -> Bool {
    var part = [UInt8](repeating: 0, count: 2048)
    while answer == nil {
      let count = recv(socket, &part, part.count, 0)
      if count < 0 { return errno == EINTR || errno == EAGAIN }
      guard count > 0 else { return false }
      request += part[..<count]
      switch HTTPRequest.read(request) {
      case .incomplete: continue
      case .request(let request): answer = respond(request).bytes(isHead: request.method == .head)
      case .refused(let status): answer = HTTPResponse(status).bytes(isHead: false)
      }
      deadline = now + Self.answerSeconds
    }
    return true
  }

  /// - Returns: whether more is to be sent.
  private func send() -> Bool {
    guard let answer else { return true }
    while sent < answer.count {
      let count = answer.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return errno == EINTR || errno == EAGAIN }
      sent += count
    }
    drain()
    return false
  }

  /// Says that all is said, and takes what the client still sends: a socket closed with unread bytes resets, and the client
  /// may lose the answer.
  private func drain() {
    shutdown(socket, Int32(SHUT_WR))
    var part = [UInt8](repeating: 0, count: 2048)
    for _ in 0..<64 where recv(socket, &part, part.count, 0) <= 0 { return }
  }
}
