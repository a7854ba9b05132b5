import Foundation
import ProgramRunner
import Telemetry
import Testing

@Suite(.serialized) struct ReportTests {
  private func report(of run: String) throws -> String {
    try String(contentsOfFile: RunPaths(run).report, encoding: .utf8)
  }

  /// Two epochs on drawings, on two ranks; takes a second.
  private func training(_ run: String, _ more: [String] = []) -> [String] {
    [
      "train", "lenet", "--dataset", "synthetic", "--train-limit", "256", "--test-limit", "50",
      "--batch-size", "32", "--epochs", "2", "--log-every", "2", "--run", run,
    ] + more
  }

  @Test func aRunEndsWithItsReport() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(training(run), ranks: 2).status == 0)
    let page = try report(of: run)
    let results = try ResultsWriter.read(RunPaths(run).results)
    #expect(results.count == 2)
    for epoch in results {
      let accuracy = fixed(try #require(epoch.testAccuracy), 4)
      #expect(page.contains("<tr><th>\(epoch.epoch)</th><td>\(fixed(Double(epoch.loss), 4))</td>"))
      #expect(page.contains("<td>\(accuracy)</td>"))
    }
    // What the run saw of the test set is what `evaluate` sees of its last checkpoint.
    struct Score: Decodable { let confusion: [[Int]] }
    let evaluation = try EvaluationRecord.read(RunPaths(run).evaluation)
    let evaluated = try Program.run(["evaluate", run, "--json"])
    let score = try snakeCaseDecoder().decode(Score.self, from: Data(evaluated.output.utf8))
    #expect(evaluation.confusion.counts == score.confusion && evaluation.confusion.seen == 50)
    #expect(evaluation.mistakes.count == min(24, 50 - evaluation.confusion.correct))
    #expect(evaluation.filters.count == 6 && evaluation.step == 16 && evaluation.epoch == 2)
    #expect(page.contains("\(evaluation.confusion.correct) of 50 right"))
    #expect(page.contains("<tr><th>1 on ") && page.contains("mpirun -n 2 cnn-dist train lenet"))

    let again = try Program.run(["report", run])
    #expect(again.status == 0 && again.output == "\(run)/report.html\n")
    #expect(
      try report(of: run).replacing(/Written by.*/, with: "") == page.replacing(/Written by.*/, with: ""))
  }

  @Test func aRunThatFailsSaysWhyInItsReport() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let failed = try Program.run(
      training(run), ranks: 2, environment: ["CNN_DIST_FAULT": "nan@gradient,rank=1,step=11"])
    #expect(failed.status == 70)
    let page = try report(of: run)
    #expect(page.contains("class=\"state failed\"") && page.contains("not finite"))
    #expect(page.contains("step 11, epoch 2") && page.contains("After epoch 1, step 8"))
  }

  @Test func aStoppedRunCanBeSeenToBeOne() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let program = try Program(endlessTraining(run), ranks: 2)
    try program.wait(for: 3, of: run)
    program.send(SIGUSR1)
    #expect(try program.result().status == 75)
    #expect(try report(of: run).contains("class=\"state stopped\""))
  }

  @Test func severalRunsAreComparedInOneFile() throws {
    let scratch = try ScratchDirectory()
    let runs = ["a", "b", "c"].map { scratch.file($0) }
    for (run, rate) in zip(runs, ["0.001", "0.01", "0.001"]) {
      #expect(try Program.run(training(run, ["--lr", rate])).status == 0)
    }
    let compared = try Program.run(["report"] + runs, directory: scratch.url)
    #expect(compared.status == 0 && compared.output == "comparison.html\n", "\(compared.errors)")
    let page = try String(contentsOfFile: scratch.file("comparison.html"), encoding: .utf8)
    #expect(page.contains("<tr><th>lr</th><td>0.001</td><td>0.01</td><td>0.001</td></tr>"))
    #expect(!page.contains("<tr><th>batch-size</th><td>32</td><td>32</td>"))
  }

  /// A directory's name is a user's, and so is what stands in it.
  @Test("fault 36: a run directory named like markup → escaped in its report")
  func namesAreEscaped() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("<script>alert(1)<") + "script>"
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    let page = try report(of: run)
    #expect(page.contains("&lt;script&gt;alert(1)&lt;script&gt;") && !page.contains("<script>"))
  }

  @Test func whatIsNoRunOrCannotBeWrittenIsSaid() throws {
    let scratch = try ScratchDirectory()
    expectFailure(try Program.run(["report", "/no/such/run"]), 66, "/no/such/run")
    expectFailure(try Program.run(["report", scratch.path]), 66, "not a run directory")
    expectFailure(try Program.run(["report"]), 64, "run")
    let run = scratch.file("run")
    #expect(try Program.run(tinyTraining(run, steps: 2)).status == 0)
    expectFailure(try Program.run(["report", run, "-o", "/no/such/place/x.html"]), 73, "/no/such/place")
    try damage(RunPaths(run).metrics) { $0 = Data("{}\n".utf8) + $0 }
    expectFailure(try Program.run(["report", run]), 65, "metrics.jsonl:1")
  }
}
