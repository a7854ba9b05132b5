import Foundation
import ProgramRunner
import Telemetry
import Testing

@Suite struct PrometheusTests {
  private let scratch: ScratchDirectory
  private let run: String

  init() throws {
    scratch = try ScratchDirectory()
    run = scratch.file("run")
  }

  /// Samples of a page, as `scripts/viewers/prometheus_check.py` prints them: name, type, labels, value.
  private func samples(_ path: String) throws -> [[String]] {
    let result = try Program([Program.script("viewers/prometheus_check.py"), path], program: Viewers.python)
      .result()
    #expect(result.status == 0, "\(result.errors)")
    return result.outputLines.map { $0.split(separator: " ").map(String.init) }
  }

  /// A scrape by the shell.
  private func scrape(_ address: String) throws -> String {
    let port = try #require(URL(string: address)?.port)
    let page = try Program(
      [
        "-c",
        "exec 3<>/dev/tcp/127.0.0.1/\(port) && printf 'GET /metrics HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3 && cat <&3",
      ], program: "/bin/bash"
    ).result()
    #expect(page.status == 0, "\(page.errors)")
    return page.output
  }

  @Test(arguments: [nil, 2]) func prometheusReadsWhileTrainingGoesOn(ranks: Int?) throws {
    let training = try Program(
      tinyTraining(run, steps: 1_000_000, ["--metrics-port", "0"]), ranks: ranks)
    try training.wait {
      training.outputSoFar.contains("metrics: http://127.0.0.1:")
        && !training.outputSoFar.hasSuffix("metrics: ")
    }
    let line = try #require(training.outputSoFar.split(separator: "\n").first { $0.hasPrefix("metrics: ") })
    try training.wait { (try? MetricsReader.read(RunPaths(run).metrics))?.isEmpty == false }
    let answer = try scrape(String(line.dropFirst(9)))
    training.send(SIGUSR1)
    #expect(try training.result().status == 75)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"))
    let body = try #require(answer.range(of: "\r\n\r\n"))
    try String(answer[body.upperBound...]).write(
      toFile: scratch.file("page"), atomically: false, encoding: .utf8)
    let page = try samples(scratch.file("page"))
    let steps = try #require(page.first { $0[0] == "cnn_dist_steps_total" })
    #expect(steps[1] == "counter" && steps[2] == "model=lenet-max,run=\(run)" && Double(steps[3])! >= 1)
    #expect(page.contains { $0[0] == "cnn_dist_state" && $0[2].hasSuffix("state=running") && $0[3] == "1.0" })

    // The file says how it ended.
    let last = try samples(RunPaths(run).prometheus)
    #expect(last.contains { $0[0] == "cnn_dist_state" && $0[2].hasSuffix("state=stopped") && $0[3] == "1.0" })
    let done = try #require(try MetricsReader.read(RunPaths(run).metrics).last?.step)
    #expect(last.contains { $0[0] == "cnn_dist_steps_total" && Double($0[3]) == Double(done) })
    #expect(Set(page.map { $0[0] }).isSubset(of: Set(last.map { $0[0] })))
  }

  @Test(
    "fault 37: the metrics port in use by another program → a warning that names it, training goes on to its end, metrics.prom is written",
    arguments: [nil, 2])
  func busyPort(ranks: Int?) throws {
    let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(other) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(other, $0, length) + listen(other, 1) + getsockname(other, $0, &length)
      }
    }
    #expect(status == 0)
    let port = UInt16(bigEndian: address.sin_port)
    let result = try Program.run(tinyTraining(run, steps: 4, ["--metrics-port", "\(port)"]), ranks: ranks)
    #expect(result.status == 0)
    #expect(
      result.ownErrors == [
        "cnn-dist: warning: cannot serve on 127.0.0.1:\(port): Address already in use (--metrics-port); "
          + "choose another, or 0 for any that is free; training goes on without"
      ])
    #expect(!result.output.contains("metrics: http"))
    #expect(
      try samples(RunPaths(run).prometheus).contains { $0[0] == "cnn_dist_steps_total" && $0[3] == "4.0" })
  }

  @Test func onlyThisMachineUnlessTold() throws {
    let result = try Program.run(tinyTraining(run, steps: 2, ["--metrics-port", "0"]))
    #expect(result.output.contains("metrics: http://127.0.0.1:"))
    let told = try Program.run(
      tinyTraining(scratch.file("told"), steps: 2, ["--metrics-port", "0", "--metrics-host", "0.0.0.0"]))
    #expect(told.output.contains("metrics: http://0.0.0.0:"))
    let wrong = try Program.run(
      tinyTraining(scratch.file("wrong"), steps: 2, ["--metrics-port", "0", "--metrics-host", "192.0.2.1"]))
    #expect(wrong.status == 0 && wrong.errors.contains("warning: cannot serve on 192.0.2.1:0"))
    expectFailure(
      try Program.run(tinyTraining(run, steps: 2, ["--metrics-host", "::1"])), 78, "--metrics-host",
      "--metrics-port")
    for port in ["70000", "-1", "x"] {
      expectFailure(
        try Program.run(tinyTraining(run, steps: 2, ["--metrics-port=\(port)"])), 64, "from 0 to 65535")
    }
  }
}
