import Failures
import Glibc

/// A socket that listens for `GET /metrics`, and how it is answered: HTTP/1.1, one request a connection.
public struct MetricsServer: Sendable {
  /// Where it can be asked: `http://127.0.0.1:9464/metrics`.
  public let address: String
  /// Closed by the exporter that serves on it.
  let listener: Int32

  /// Seconds that a reader has to ask and to listen.
  static let patience = 2.0
  /// Bytes of a request that are read; no monitoring sends as many.
  private static let longestRequest = 8192

  /// Begins to listen.
  ///
  /// - Parameters:
  ///   - host: a name or an address of this machine.
  ///   - port: 0 for any that is free.
  /// - Throws: `cannotWrite` where the address cannot be used.
  public init(host: String, port: UInt16) throws(Failure) {
    func failure(_ reason: String) -> Failure {
      Failure(
        .cannotWrite, "cannot serve metrics on \(printable(host)):\(port): \(reason)", at: "--metrics-port",
        advice: "choose another, or 0 for any that is free")
    }
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, "\(port)", &hints, &found)
    guard status == 0, let place = found else { throw failure(String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(found) }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let listener = socket(place.pointee.ai_family, kind, 0)
    guard listener >= 0 else { throw failure(String(cString: strerror(errno))) }
    // A port that the run before has just left is free.
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(listener, place.pointee.ai_addr, place.pointee.ai_addrlen) == 0, listen(listener, 16) == 0
    else {
      let reason = String(cString: strerror(errno))
      close(listener)
      throw failure(reason)
    }
    self.listener = listener
    let name = host.contains(":") ? "[\(host)]" : host
    address = "http://\(printable(name)):\(Self.port(of: listener) ?? port)/metrics"
  }

  private static func port(of socket: Int32) -> UInt16? {
    var name = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(socket, $0, &length)
      } == 0
        // The port lies at the same place for both families.
        ? pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          UInt16(bigEndian: $0.pointee.sin_port)
        }
        : nil
    }
  }

  /// Takes one connection, which is known to wait, and answers it.
  static func answer(_ listener: Int32, with metrics: () -> [UInt8]) {
    let connection = accept(listener, nil, nil)
    guard connection >= 0 else { return }
    defer { close(connection) }
    _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
    let deadline = TimeSource.system.monotonic() + patience
    guard let request = request(on: connection, until: deadline) else { return }
    send(response(to: request, metrics), on: connection, until: deadline)
    // Closing with unread bytes would throw the response away.
    shutdown(connection, Int32(SHUT_WR))
  }

  static func response(to request: String, _ metrics: () -> [UInt8]) -> [UInt8] {
    let words = request.prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else {
      return response("400 Bad Request", "not a request of HTTP/1\n")
    }
    let path = words[1].prefix { $0 != "?" }
    let isHead = words[0] == "HEAD"
    switch (words[0], path) {
    case ("GET", "/metrics"), ("HEAD", "/metrics"):
      return response("200 OK", metrics(), PrometheusText.contentType, isHead: isHead)
    case ("GET", _), ("HEAD", _):
      return response("404 Not Found", "the metrics are at /metrics\n", isHead: isHead)
    default: return response("405 Method Not Allowed", "only GET\n")
    }
  }

  private static func response(_ status: String, _ text: String, isHead: Bool = false) -> [UInt8] {
    response(status, Array(text.utf8), "text/plain; charset=utf-8", isHead: isHead)
  }

  private static func response(_ status: String, _ body: [UInt8], _ type: String, isHead: Bool) -> [UInt8] {
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
      + (status.hasPrefix("405") ? "Allow: GET, HEAD\r\n" : "") + "Connection: close\r\n\r\n"
    return Array(head.utf8) + (isHead ? [] : body)
  }

  /// The head of a request; nil where none comes in time.
  private static func request(on connection: Int32, until deadline: Double) -> String? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 2048)
    while bytes.count < longestRequest {
      guard wait(for: connection, POLLIN, until: deadline) else { return nil }
      let count = recv(connection, &piece, piece.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { return nil }
      bytes += piece.prefix(count)
      let text = String(decoding: bytes, as: UTF8.self)
      if text.contains("\r\n\r\n") || text.contains("\n\n") { return text }
    }
    return ""
  }

  private static func send(_ bytes: [UInt8], on connection: Int32, until deadline: Double) {
    var done = 0
    while done < bytes.count, wait(for: connection, POLLOUT, until: deadline) {
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      let count = bytes.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress! + done, $0.count - done, flags)
      }
      guard count > 0 else { return }
      done += count
    }
  }

  private static func wait(for connection: Int32, _ event: Int32, until deadline: Double) -> Bool {
    let left = deadline - TimeSource.system.monotonic()
    var waited = pollfd(fd: connection, events: Int16(event), revents: 0)
    return left > 0 && poll(&waited, 1, Int32(left * 1000) + 1) > 0
  }
}
