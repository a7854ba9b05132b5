import Failures
import Glibc

/// The socket at which clients arrive.
enum Listener {
  /// Opens one that does not block.
  ///
  /// - Returns: the socket and its port.
  static func open(_ host: String, _ port: Int) throws(Failure) -> (socket: Int32, port: Int) {
    guard (0...65535).contains(port) else {
      throw Failure(.usage, "there is no port \(port)", at: "--port", advice: "give 0 to 65535")
    }
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found else {
      throw Failure(.usage, "'\(host)' is not an address", advice: "give one such as 127.0.0.1")
    }
    defer { freeaddrinfo(found) }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(address.pointee.ai_family, kind, 0)
    guard socket >= 0 else { throw failure("open a socket", host, port) }
    var yes: Int32 = 1
    // A port that was just left can be taken again at once.
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
    guard bind(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(socket, 16) == 0
    else {
      let failure = failure("listen", host, port)
      close(socket)
      throw failure
    }
    return (socket, ownPort(of: socket))
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

  private static func failure(_ what: String, _ host: String, _ port: Int) -> Failure {
    let error = errno
    let advice = error == EADDRINUSE || error == EACCES ? "choose another port; 0 takes any that is free" : ""
    return Failure(
      .cannotWrite, "cannot \(what): \(String(cString: strerror(error)))", at: "\(host) port \(port)",
      advice: advice)
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
