import HTTP
import Testing

@Suite struct HTTPRequestTests {
  private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8)) }

  @Test func aHeadIsReadWithItsQuery() {
    #expect(read("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == .request(HTTPRequest(path: "/")))
    #expect(
      read("HEAD /data.json?since=3?4 HTTP/1.0\r\n\r\n")
        == .request(HTTPRequest(method: .head, path: "/data.json", query: "since=3?4")))
    #expect(read("GET /x HTTP/1.1\n\n") == .request(HTTPRequest(path: "/x")))
  }

  @Test func halfAHeadIsWaitedFor() {
    for text in ["", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\n"] {
      #expect(read(text) == .incomplete, "\(text)")
    }
  }

  @Test(arguments: [
    "GET HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / FTP/1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
    "GET http://elsewhere/ HTTP/1.1\r\n\r\n", "GET /\u{7} HTTP/1.1\r\n\r\n", "GET /ä HTTP/1.1\r\n\r\n",
    "\r\n\r\n",
  ])
  func nonsenseIsRefused(text: String) { #expect(read(text) == .refused(.badRequest)) }

  @Test func otherMethodsAndLongHeadsAreRefused() {
    #expect(read("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n") == .refused(.methodNotAllowed))
    #expect(read("GET /" + String(repeating: "x", count: 8300)) == .refused(.tooLarge))
    let long = "GET / HTTP/1.1\r\nX: " + String(repeating: "y", count: 9000) + "\r\n\r\n"
    #expect(read(long) == .refused(.tooLarge))
  }
}
