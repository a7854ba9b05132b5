/// What a client asks for. Header fields are read over; a body is never read.
public struct HTTPRequest: Equatable, Sendable {
  public enum Method: String, Sendable { case get = "GET", head = "HEAD" }

  public var method: Method
  /// From the root, as it was sent: `/data.json`.
  public var path: String
  /// What follows the question mark; empty without one.
  public var query: String

  public init(method: Method = .get, path: String, query: String = "") {
    self.method = method
    self.path = path
    self.query = query
  }

  /// What the bytes that have come so far are.
  package enum Reading: Equatable {
    case incomplete
    case request(HTTPRequest)
    /// Nothing that is answered with more than this status.
    case refused(HTTPResponse.Status)
  }

  /// The largest head of a request, its empty line included.
  package static let maximumBytes = 8192

  /// Reads a head: a request line, header fields, an empty line.
  package static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = endOfHead(bytes) else {
      return bytes.count < maximumBytes ? .incomplete : .refused(.tooLarge)
    }
    guard end <= maximumBytes else { return .refused(.tooLarge) }
    let line = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    guard line.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return .refused(.badRequest) }
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else {
      return .refused(.badRequest)
    }
    guard let method = Method(rawValue: words[0]) else { return .refused(.methodNotAllowed) }
    let parts = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return .request(
      HTTPRequest(method: method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : ""))
  }

  /// Behind the first empty line; a line may end without its carriage return, as by hand.
  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    var isEmpty = false
    for (index, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "\n") {
        if isEmpty { return index + 1 }
        isEmpty = true
      } else if byte != UInt8(ascii: "\r") {
        isEmpty = false
      }
    }
    return nil
  }
}
