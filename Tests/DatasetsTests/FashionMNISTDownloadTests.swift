import Datasets
import Failures
import Foundation
import Testing

@Suite struct FashionMNISTDownloadTests {
  let bench = Workbench()
  private static let names = FashionMNISTFile.all.map { "\($0.name).gz" }

  private func fetch(into directory: String, from url: String) throws -> [FashionMNISTDownload.Outcome] {
    var outcomes: [FashionMNISTDownload.Outcome] = []
    try FashionMNISTDownload(directory: directory, baseURL: url).run { outcomes.append($1) }
    return outcomes
  }

  /// Fetches from a server that serves `bench` alone, and returns the failure and what it left behind.
  private func failure(serving bench: Workbench) throws -> (Failure?, left: [String], url: String) {
    let server = try WebServer(directory: bench.path)
    let target = Workbench()
    let failure = #expect(throws: Failure.self) { try fetch(into: target.path, from: server.url) }
    return (failure, try target.names, server.url)
  }

  @Test func fetchesKeepsAndRepairs() throws {
    let server = try WebServer(directory: Workbench.real)
    let directory = bench.path + "/made/on/the/way"
    let first = try fetch(into: directory, from: server.url)
    for (file, outcome) in zip(FashionMNISTFile.all, first) {
      let path = "\(directory)/\(file.name).gz"
      let real = try Workbench.realCompressed(file)
      #expect(outcome == .downloaded(path: path, bytes: real.count))
      #expect(try Workbench.read(path) == real)
    }
    let images = "\(directory)/\(Self.names[2])"
    try Data(Workbench.read(images).dropLast(1000)).write(to: URL(fileURLWithPath: images))
    let second = try fetch(into: directory, from: server.url)
    for (index, outcome) in second.enumerated() {
      if case .downloaded = outcome { #expect(index == 2) } else { #expect(index != 2) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == Self.names.sorted())
    #expect(try FashionMNIST(directory: directory, verification: .strict).load(.test).count == 10_000)
  }

  /// A damaged inflated file would hide the good one that is fetched.
  @Test func aDamagedInflatedFileGivesWay() throws {
    let server = try WebServer(directory: Workbench.real)
    for file in FashionMNISTFile.all.dropFirst() { try bench.link(file) }
    try bench.write([1, 2, 3], as: FashionMNISTFile.all[0].name)
    _ = try fetch(into: bench.path, from: server.url)
    #expect(try bench.names == Self.names.sorted())
  }

  @Test func truncatedFileServed() throws {
    try bench.write(Array(Workbench.realCompressed(FashionMNISTFile.all[0]).dropLast(100)), as: Self.names[0])
    let (failure, left, url) = try failure(serving: bench)
    #expect(failure?.code == .badData)
    #expect(failure?.what.hasPrefix("downloaded file is bad: truncated") == true)
    #expect(failure?.location == url + Self.names[0])
    #expect(failure?.advice.contains("apt-get install dataset-fashion-mnist") == true)
    #expect(left.isEmpty)
  }

  @Test func otherContentServed() throws {
    var bytes = try Workbench.realInflated(FashionMNISTFile.all[0])
    bytes[100] ^= 1
    try bench.writeCompressed(bytes, as: FashionMNISTFile.all[0].name)
    let (failure, left, _) = try failure(serving: bench)
    #expect(failure?.code == .badData)
    #expect(failure?.what.contains("SHA-256") == true)
    #expect(left.isEmpty)
  }

  @Test func fileThatNeverEndsServed() throws {
    for file in FashionMNISTFile.all { try bench.link(file) }
    try FileManager.default.removeItem(atPath: "\(bench.path)/\(Self.names[1])")
    try bench.write([UInt8](repeating: 0x1f, count: 5_000_000), as: Self.names[1])
    let (failure, left, _) = try failure(serving: bench)
    #expect(failure?.code == .badData)
    #expect(failure?.what.hasPrefix("longer than") == true)
    #expect(left == [Self.names[0]])
  }

  @Test func fileNotServed() throws {
    let (failure, left, url) = try failure(serving: bench)
    #expect(failure?.code == .missingInput)
    #expect(failure?.what == "the server answers 404")
    #expect(failure?.location == url + Self.names[0])
    #expect(failure?.advice.contains("apt-get install dataset-fashion-mnist") == true)
    #expect(left.isEmpty)
  }

  @Test func connectionLostOnTheWay() throws {
    let server = try WebServer(
      program: """
        import http.server
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.end_headers()
                self.wfile.write(bytes(1000))
            def log_message(self, *_): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        print("port", server.server_port, flush=True)
        server.serve_forever()
        """)
    let failure = #expect(throws: Failure.self) { try fetch(into: bench.path, from: server.url) }
    #expect(failure?.code == .missingInput || failure?.code == .badData)
    #expect(failure?.location == server.url + Self.names[0])
    #expect(try bench.names.isEmpty)
  }

  @Test func noNetwork() throws {
    var server: WebServer? = try WebServer(directory: bench.path)
    let url = try #require(server?.url)
    server = nil
    let failure = #expect(throws: Failure.self) { try fetch(into: bench.path, from: url) }
    #expect(failure?.code == .missingInput)
    #expect(failure?.location == url + Self.names[0])
    #expect(failure?.advice.contains("apt-get install dataset-fashion-mnist") == true)
    #expect(try bench.names.isEmpty)
  }

  @Test(arguments: ["file:///etc", "gopher://127.0.0.1", "nonsense", ""])
  func addressesThatAreNone(url: String) throws {
    let failure = #expect(throws: Failure.self) { try fetch(into: bench.path, from: url) }
    #expect(failure?.code == .usage)
    #expect(try bench.names.isEmpty)
  }

  @Test func directoryThatCannotBeMade() throws {
    try bench.write([], as: "file")
    let failure = #expect(throws: Failure.self) {
      try fetch(into: "\(bench.path)/file/below", from: "http://127.0.0.1:9")
    }
    #expect(failure?.code == .cannotWrite)
  }
}

/// Python's own web server on a free port of 127.0.0.1, until it is let go.
final class WebServer {
  let url: String
  private let process = Process()

  /// Serves the files of a directory.
  convenience init(directory: String) throws {
    try self.init(arguments: ["-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", directory])
  }

  /// Runs a program that prints its port behind the word `port`.
  convenience init(program: String) throws { try self.init(arguments: ["-c", program]) }

  private init(arguments: [String]) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-u"] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var text = ""
    var port: Substring?
    while port == nil {
      let data = output.fileHandleForReading.availableData
      try #require(!data.isEmpty, "the server ended: \(text)")
      text += String(decoding: data, as: UTF8.self)
      port = text.firstMatch(of: /port ([0-9]+)\s/)?.1
    }
    url = "http://127.0.0.1:\(port ?? "")/"
  }

  deinit {
    // It inherits the signal mask of the test's thread, which may hold back all that can be held back.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
