import Failures
import Foundation
import Telemetry
import Testing
import Threads

@Suite struct MetricsExporterTests {
  private let place: TemporaryDirectory
  private let complaints = Monitor([Failure]())

  init() throws { place = try TemporaryDirectory() }

  private func exporter(file: String = "metrics.prom") -> MetricsExporter {
    MetricsExporter(LiveMetrics(), model: "lenet", run: "r", file: place.file(file)) {
      [complaints] failure in complaints.update { $0.append(failure) }
    }
  }

  private func port(_ address: String) throws -> Int { try #require(URL(string: address)?.port) }

  /// What the server answers to some bytes; nothing is sent after them.
  private func ask(_ address: String, _ request: String) throws -> String {
    let port = try port(address)
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = UInt16(port).bigEndian
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(status == 0)
    _ = request.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    shutdown(connection, Int32(SHUT_WR))
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(connection, &piece, piece.count, 0), count > 0 {
      answer += piece.prefix(count)
    }
    return String(decoding: answer, as: UTF8.self)
  }

  @Test(arguments: [false, true]) func itsFileIsAnotherJobsWhereItIsAbandoned(isAbandoned: Bool) throws {
    let exporter = exporter()
    let file = place.file("metrics.prom")
    for _ in 0..<60_000 where !FileManager.default.fileExists(atPath: file) { usleep(1000) }
    try #require(FileManager.default.fileExists(atPath: file))
    try Data("another's".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    exporter.update { $0.step = 9 }
    if isAbandoned { exporter.abandon() } else { exporter.close() }
    let left = try String(contentsOfFile: file, encoding: .utf8)
    #expect((left == "another's") == isAbandoned, "\(left)")
    exporter.update { $0.step = 10 }
    exporter.close()
    #expect(try String(contentsOfFile: file, encoding: .utf8) == left, "it has ended")
  }

  @Test func servesWhatItWasTold() throws {
    let exporter = exporter()
    defer { exporter.close() }
    let address = try exporter.serve(host: "127.0.0.1", port: 0)
    exporter.update { $0.step = 7 }
    let answer = try ask(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"))
    #expect(
      answer.contains("\r\n\r\n# HELP ") && answer.contains("steps_total{model=\"lenet\",run=\"r\"} 7.0\n"))
    let head = try ask(address, "HEAD /metrics HTTP/1.0\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 200 OK") && head.hasSuffix("\r\n\r\n"))
    exporter.update { $0.step = 8 }
    #expect(try ask(address, "GET /metrics?x=1 HTTP/1.1\r\n\r\n").contains("} 8.0\n"))
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", "404"), ("POST /metrics HTTP/1.1\r\n\r\n", "405"), ("hello\r\n\r\n", "400"),
    ("GET /metrics\r\n\r\n", "400"), (String(repeating: "x", count: 10_000), "431"),
  ])
  func refusesWhatIsNoScrape(request: String, status: String) throws {
    let exporter = exporter()
    defer { exporter.close() }
    let address = try exporter.serve(host: "127.0.0.1", port: 0)
    #expect(try ask(address, request).hasPrefix("HTTP/1.1 \(status) "))
    // And serves the next.
    #expect(try ask(address, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 200"))
  }

  /// One that asks nothing is let go after a while, and one that leaves at once at once.
  @Test func aReaderThatSaysNothingHoldsNobodyUp() throws {
    let exporter = exporter()
    defer { exporter.close() }
    let address = try exporter.serve(host: "127.0.0.1", port: 0)
    #expect(try ask(address, "") == "")
    #expect(try ask(address, "GET /metr") == "")
    #expect(try ask(address, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 200"))
  }

  @Test func aPortInUseIsAFailureThatNamesIt() throws {
    let (first, second) = (exporter(), exporter(file: "second.prom"))
    let port = try port(first.serve(host: "127.0.0.1", port: 0))
    let failure = try #require(throws: Failure.self) {
      _ = try second.serve(host: "127.0.0.1", port: UInt16(port))
    }
    #expect(failure.what.contains("127.0.0.1:\(port)") && failure.location == "--metrics-port")
    first.close()
    // Free again as soon as the one before is gone.
    #expect(try self.port(second.serve(host: "127.0.0.1", port: UInt16(port))) == port)
    second.close()
  }

  @Test func aHostMayBeAName() throws {
    let exporter = exporter()
    defer { exporter.close() }
    let address = try exporter.serve(host: "localhost", port: 0)
    #expect(address.hasPrefix("http://localhost:") && address.hasSuffix("/metrics"))
  }

  @Test(arguments: ["no such host", "192.0.2.1"]) func anAddressOfNobodyIsAFailure(host: String) throws {
    let exporter = exporter()
    defer { exporter.close() }
    let failure = try #require(throws: Failure.self) { _ = try exporter.serve(host: host, port: 0) }
    #expect(failure.what.contains(host) && failure.location == "--metrics-host")
  }

  @Test func theFileHasTheLastNumbers() throws {
    let exporter = exporter()
    exporter.update {
      $0.step = 9
      $0.state = .completed
    }
    exporter.close()
    exporter.close()
    #expect(try place.text("metrics.prom").contains("steps_total{model=\"lenet\",run=\"r\"} 9.0\n"))
    #expect(place.names == ["metrics.prom"] && complaints.read { $0.isEmpty })
  }

  @Test func aFileThatCannotBeWrittenIsSaidOnce() throws {
    let exporter = exporter(file: "missing/metrics.prom")
    exporter.update { $0.step = 1 }
    exporter.close()
    #expect(complaints.read { $0.count } == 1)
  }
}
