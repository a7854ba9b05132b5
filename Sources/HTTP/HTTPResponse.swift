/// What a client gets.
public struct HTTPResponse: Equatable, Sendable {
  public enum Status: Int, Sendable {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case tooLarge = 431
    case internalError = 500

    var reason: String {
      switch self {
      case .ok: "OK"
      case .badRequest: "Bad Request"
      case .notFound: "Not Found"
      case .methodNotAllowed: "Method Not Allowed"
      case .tooLarge: "Request Header Fields Too Large"
      case .internalError: "Internal Server Error"
      }
    }
  }

  public var status: Status
  /// With its character set: `text/html; charset=utf-8`.
  public var contentType: String
  public var body: [UInt8]

  public init(_ status: Status = .ok, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// Text in UTF-8.
  public init(_ status: Status = .ok, contentType: String = "text/plain", _ text: String) {
    self.init(status, contentType: "\(contentType); charset=utf-8", body: Array(text.utf8))
  }

  /// A status alone, which says itself.
  public init(_ status: Status) { self.init(status, "\(status.rawValue) \(status.reason)\n") }

  /// The answer to one request, after which the connection ends. The answer to HEAD has no body but its length.
  func bytes(isHead: Bool) -> [UInt8] {
    var head = """
      HTTP/1.1 \(status.rawValue) \(status.reason)\r
      Content-Type: \(contentType)\r
      Content-Length: \(body.count)\r
      Cache-Control: no-store\r
      X-Content-Type-Options: nosniff\r
      Connection: close\r

      """
    if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
    return Array((head + "\r\n").utf8) + (isHead ? [] : body)
  }
}
