import Failures
import Foundation
import Reports
import Telemetry
import Testing

@Suite struct ReportPageTests {
  private func page(_ fixtures: RunFixture...) throws -> String {
    try ReportPage(fixtures.map { try RunRecords($0.path) }).document(at: 0)
  }

  @Test func aPageShowsWhatTheFilesSay() throws {
    let run = try RunFixture(message: "stopped on request")
    let page = try page(run)
    for text in [
      "<title>\(run.path)</title>", "completed", "stopped on request", "<dd>0.7500</dd>", "<dd>0.5000</dd>",
      // Eight steps, of four an epoch.
      "<dd>8 of 8</dd>", "3 of 4 right, accuracy 0.7500, loss 0.9000",
      // One shirt of two is found; one coat of two answers is right.
      "<tr><th>shirt</th><td>1.0000</td><td>0.5000</td><td>0.6667</td><td>2</td></tr>",
      "title=\"shirt taken for coat: 1\"", "image 4711", "<b>coat</b> 0.875",
      "data:image/png;base64,iVBORw0KGgo=",
      "<tr><th>lr</th><td>0.001</td></tr>", "x86-64-v4",
      "cd &#39;/home/me/my runs&#39; &amp;&amp; mpirun -n 2 cnn-dist train lenet",
      "mpirun -n 2 cnn-dist train lenet --config \(run.path)/config.yaml --threads 1",
      // An epoch: four steps of 1.75 s, and 1 s more on its clock.
      "<tr><th>2</th><td>4.00</td><td>1.00</td><td>2.00</td><td>1.00</td><td>8.00</td></tr>",
      "<tr><th>1 on b</th><td>5.00</td><td>1.00</td><td>4.00</td><td>10.00</td></tr>",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test func nothingIsLoadedAndNothingRuns() throws {
    let page = try page(try RunFixture())
    #expect(
      !page.contains("<script") && !page.contains("http:") && !page.contains("https:")
        && !page.contains("<link"))
    #expect(page.contains("default-src &#39;none&#39;;"))
  }

  @Test("fault 36: markup in names, settings, messages and commands of a run → escaped in the report")
  func markupIsEscaped() throws {
    let evil = "<img src=x onerror=alert(1)>\"'&"
    let run = try RunFixture(
      named: "<b>run", settings: "model: \(evil)\n\(evil): \(evil)\n", message: evil,
      classes: [evil, "b", "c"],
      command: ["cnn-dist", "train", evil, "\u{1B}[2J\u{202E}"])
    for page in [try page(run), try page(run, try RunFixture())] {
      #expect(!page.contains("<img src=x") && !page.contains("<b>run"))
      #expect(
        page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;") && page.contains("&lt;b&gt;run"))
      #expect(!page.unicodeScalars.contains("\u{1B}") && !page.unicodeScalars.contains("\u{202E}"))
    }
  }

  @Test func runsAreComparedByWhatDiffers() throws {
    let first = try RunFixture(settings: "model: lenet\nlr: 0.001\naugment: 'flip,crop:2'\nseed: 1\n")
    let second = try RunFixture(settings: "model: lenet\nlr: 0.5\nseed: 1\n", losses: [2, 1, 0.5])
    let page = try page(first, second)
    #expect(page.contains("2 runs compared"))
    #expect(page.contains("<tr><th>lr</th><td>0.001</td><td>0.5</td></tr>"))
    #expect(page.contains("<tr><th>augment</th><td>flip,crop:2</td><td>–</td></tr>"))
    #expect(!page.contains("<tr><th>seed</th><td>1</td><td>1</td></tr>"))
  }

  @Test func aRunThatHasJustBegunHasAPage() throws {
    let run = try RunFixture(losses: [])
    let paths = RunPaths(run.path)
    for path in [paths.evaluation, paths.ranks, paths.environment, paths.metrics, paths.results] {
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(try page(run).contains("nothing yet"))
  }

  /// Numbers that are not finite are gaps in a curve.
  @Test func lossesThatAreNotNumbersAreLeftOut() throws {
    let page = try page(try RunFixture(losses: [2, .nan, .infinity, 1]))
    #expect(!page.contains("nan") && !page.contains("inf "))
  }

  @Test func whatIsNoRunIsRefused() throws {
    let run = try RunFixture()
    #expect(throws: Failure.self) { try RunRecords("/no/such/run") }
    #expect(throws: Failure.self) { try RunRecords((run.path as NSString).deletingLastPathComponent) }
    try "{}\n".write(toFile: RunPaths(run.path).metrics, atomically: true, encoding: .utf8)
    let failure = #expect(throws: Failure.self) { try RunRecords(run.path) }
    #expect(failure?.code == .badData && failure?.description.contains("metrics.jsonl:1") == true)
  }

  /// The status of a job that was killed says that it runs.
  @Test func aKilledRunIsInterrupted() throws {
    #expect(try page(try RunFixture(state: .running)).contains("class=\"state interrupted\""))
  }
}
