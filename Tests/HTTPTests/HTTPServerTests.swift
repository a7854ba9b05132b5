import Failures
import Glibc
import HTTP
import Testing

@Suite struct HTTPServerTests {
  private func server(_ body: [UInt8] = Array("hello".utf8)) throws -> HTTPServer {
    try HTTPServer(port: 0) { request in
      request.path == "/" ? HTTPResponse(contentType: "text/plain", body: body) : HTTPResponse(.notFound)
    }
  }

  @Test func aPageIsAnsweredAndTheConnectionEnds() throws {
    let server = try server()
    defer { server.stop() }
    let answer = try #require(Client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", port: server.port))
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nhello"), "\(answer)")
    #expect(answer.contains("Content-Length: 5\r\n") && answer.contains("Connection: close\r\n"))
    let head = try #require(Client.ask("HEAD / HTTP/1.1\r\n\r\n", port: server.port))
    #expect(head.contains("Content-Length: 5\r\n") && head.hasSuffix("\r\n\r\n"), "\(head)")
    #expect(server.url == "http://127.0.0.1:\(server.port)/")
  }

  @Test func whatIsNotThereOrNotAllowedIsSaid() throws {
    let server = try server()
    defer { server.stop() }
    for (request, status) in [
      ("GET /x HTTP/1.1\r\n\r\n", "404"), ("POST / HTTP/1.1\r\n\r\n", "405"), ("\u{1}\u{2}\r\n\r\n", "400"),
      ("GET /" + String(repeating: "x", count: 20_000) + " HTTP/1.1\r\n\r\n", "431"),
    ] {
      let answer = try #require(Client.ask(request, port: server.port))
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
    }
  }

  @Test func aLargeAnswerArrivesWhole() throws {
    let body = (0..<5_000_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    let server = try server(body)
    defer { server.stop() }
    let answer = try #require(Client.ask("GET / HTTP/1.1\r\n\r\n", port: server.port))
    #expect(answer.utf8.suffix(body.count).elementsEqual(body))
  }

  /// Clients that say nothing fill every place; after their time is over the next is served.
  @Test func silentClientsMakeRoom() throws {
    let server = try server()
    defer { server.stop() }
    let silent = (0..<HTTPServer.maximumConnections + 4).map { _ in Client(port: server.port) }
    silent[0].send("GET / HT")
    let answer = try #require(Client.ask("GET / HTTP/1.1\r\n\r\n", port: server.port))
    #expect(answer.hasSuffix("hello"))
    #expect(silent[0].receiveAll() == "")
  }

  @Test func aClientThatLeavesHarmsNobody() throws {
    let server = try server([UInt8](repeating: 7, count: 10_000_000))
    defer { server.stop() }
    for _ in 0..<20 { Client(port: server.port).send("GET / HTTP/1.1\r\n\r\n") }
    #expect(Client.ask("HEAD / HTTP/1.1\r\n\r\n", port: server.port)?.hasPrefix("HTTP/1.1 200") == true)
  }

  @Test func aPortInUseIsNamed() throws {
    let server = try server()
    defer { server.stop() }
    let failure = #expect(throws: Failure.self) {
      try HTTPServer(port: server.port) { _ in HTTPResponse(.ok) }
    }
    #expect(failure?.code == .cannotWrite)
    #expect(failure?.what.contains(":\(server.port)") == true && failure?.location == "--port")
    #expect(throws: Failure.self) { try HTTPServer(host: "nowhere", port: 0) { _ in HTTPResponse(.ok) } }
    #expect(throws: Failure.self) { try HTTPServer(port: 70_000) { _ in HTTPResponse(.ok) } }
  }

  @Test func aServerThatStoppedLeavesItsPort() throws {
    let first = try server()
    #expect(Client.ask("GET / HTTP/1.1\r\n\r\n", port: first.port)?.hasSuffix("hello") == true)
    first.stop()
    let second = try HTTPServer(port: first.port) { _ in HTTPResponse(.ok, "again") }
    defer { second.stop() }
    #expect(Client.ask("GET / HTTP/1.1\r\n\r\n", port: second.port)?.hasSuffix("again") == true)
  }
}
