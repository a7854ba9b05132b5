import Foundation
import ProgramRunner
import Telemetry
import Testing

@Suite(.serialized) struct WatchPageTests {
  /// Starts `watch` and waits for where it is.
  private func watch(_ run: String, _ more: [String] = []) throws -> (program: Program, url: URL) {
    let program = try Program(["watch", run] + more)
    try program.wait { program.outputSoFar.contains(" shows ") }
    let url = try #require(URL(string: String(program.outputSoFar.prefix { $0 != " " })))
    return (program, url)
  }

  private func text(_ url: URL) throws -> String {
    String(decoding: try Data(contentsOf: url), as: UTF8.self)
  }

  @Test func thePageFollowsTheRun() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let training = try Program(endlessTraining(run))
    try training.wait(for: 2, of: run)
    let (program, url) = try watch(run)
    let page = try text(url)
    #expect(page.contains("<script>") && page.contains("class=\"state running\""))
    let content = url.appendingPathComponent("content")
    let before = try text(content)
    // What is fetched takes the place of what the page began with.
    #expect(
      before.hasPrefix("<p class=\"state running\">")
        && page.contains("<main id=\"content\">\(before.prefix(28))"))
    let steps = try losses(of: run).count
    try training.wait(for: steps + 3, of: run)
    #expect(try text(content) != before)
    #expect(throws: (any Error).self) { try text(url.appendingPathComponent("elsewhere")) }
    training.send(SIGUSR1)
    #expect(try training.result().status == 75)
    #expect(try text(content).contains("class=\"state stopped\""))
    program.send(SIGINT)
    #expect(try program.result(seconds: 20).status == 0)
  }

  @Test func theTerminalShowsItOnce() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    let shown = try Program.run(["watch", run, "--text"], environment: ["LC_ALL": "C.UTF-8"])
    #expect(shown.status == 0, "\(shown.errors)")
    let last = try #require(try losses(of: run).last)
    for text in ["lenet-max, completed", "100 %", "step 20 of 20", fixed(Double(last), 4), "█"] {
      #expect(shown.output.contains(text), "\(text): \(shown.output)")
    }
    let plain = try Program.run(["watch", run, "--text"], environment: ["LC_ALL": "C"])
    #expect(plain.output.utf8.allSatisfy { $0 < 128 })
  }

  @Test func badInputIsSaid() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    expectFailure(try Program.run(["watch", "/no/such/run"]), 66, "/no/such/run")
    expectFailure(try Program.run(["watch", run, "--port", "70000"]), 64, "--port")
    let (program, url) = try watch(run)
    expectFailure(
      try Program.run(["watch", run, "--port", "\(try #require(url.port))"]), 73, "choose another, or 0")
    program.send(SIGTERM)
    #expect(try program.result(seconds: 20).status == 0)
  }
}
