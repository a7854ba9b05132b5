import Failures
import Glibc

/// The socket at which clients arrive.
enum Listener {
  /// Opens one that does not block, at the first address of the host that can be used.
  ///
  /// - Returns: the socket and its port.
  static func open(
    _ host: String, _ port: Int, _ options: HTTPServer.Options
  ) throws(Failure) -> (socket: Int32, port: Int) {
    guard (0...65535).contains(port) else {
      throw Failure(.usage, "there is no port \(port)", at: options.port, advice: "give 0 to 65535")
    }
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, "\(port)", &hints, &found)
    guard status == 0 else {
      throw hostFailure(host, port, String(cString: gai_strerror(status)), options)
    }
    defer { freeaddrinfo(found) }
    var place = found
    // A name may have an address of a family that the system was told to leave off.
    while let address = place {
      if let socket = listen(at: address.pointee) { return (socket, ownPort(of: socket)) }
      place = address.pointee.ai_next
    }
    let error = errno
    let reason = String(cString: strerror(error))
    if error == EADDRNOTAVAIL { throw hostFailure(host, port, reason, options) }
    throw Failure(
      .cannotWrite, "cannot serve on \(host):\(port): \(reason)", at: options.port,
      advice: error == EADDRINUSE || error == EACCES ? "choose another, or 0 for any that is free" : "")
  }

  private static func hostFailure(
    _ host: String, _ port: Int, _ reason: String, _ options: HTTPServer.Options
  ) -> Failure {
    Failure(
      .cannotWrite, "cannot serve on \(host):\(port): \(reason)", at: options.host,
      advice: "give a name or an address of this machine")
  }

  /// - Returns: nil with the reason in `errno`.
  private static func listen(at address: addrinfo) -> Int32? {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(address.ai_family, kind, 0)
    guard socket >= 0 else { return nil }
    var yes: Int32 = 1
    // A port that was just left can be taken again at once.
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
    guard bind(socket, address.ai_addr, address.ai_addrlen) == 0, Glibc.listen(socket, 16) == 0 else {
      let error = errno
      close(socket)
      errno = error
      return nil
    }
    return socket
  }

  /// The next client's socket, which does not block; nil where there is none after all.
  static func accept(_ listener: Int32) -> Int32? {
    let socket = Glibc.accept(listener, nil, nil)
    guard socket >= 0 else { return nil }
    guard fcntl(socket, F_SETFL, O_NONBLOCK) == 0, fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 else {
      close(socket)
      return nil
    }
    return socket
  }

  private static func ownPort(of socket: Int32) -> Int {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout.size(ofValue: address))
    return withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &length) }
      // The port stands at the same place in addresses of version 4 and 6.
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        Int(UInt16(bigEndian: $0.pointee.sin_port))
      }
    }
  }
}
