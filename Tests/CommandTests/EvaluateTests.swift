import Foundation
import ProgramRunner
import Telemetry
import Testing

@Suite(.serialized) struct EvaluateTests {
  @Test func everyRankCountScoresTheSameAndAgreesWithTraining() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let trained = try Program.run([
      "train", "lenet-max", "--recipe", "notebook", "--train-limit", "2560", "--epochs", "1", "--run", run,
      "--ranks", "2",
    ])
    #expect(trained.status == 0, "\(trained.errors)")
    let recorded = try #require(try ResultsWriter.read(RunPaths(run).results).first?.testAccuracy)
    let correct = Int((recorded * 10_000).rounded())
    let file = run + "/checkpoints/last/model.safetensors"
    for (what, arguments, ranks) in [(run, [], nil), (run, ["--ranks", "3"], nil), (file, [], 2)]
      as [(String, [String], Int?)]
    {
      let result = try Program.run(["evaluate", what] + arguments, ranks: ranks)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("(\(correct) of 10000)"), "\(result.output)")
    }
  }

  @Test func logitsAreThoseOfTheWholeSetInOrder() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    var tables: [[String]] = []
    for ranks in ["1", "3"] {
      let file = scratch.file("logits-\(ranks).csv")
      let result = try Program.run(
        ["evaluate", run, "--logits", file, "--test-limit", "100", "--ranks", ranks, "--batch-size", "10"])
      #expect(result.status == 0, "\(result.errors)")
      let text = try String(contentsOfFile: file, encoding: .utf8)
      tables.append(text.split(separator: "\n").map(String.init))
    }
    #expect(tables[0].count == 101)
    #expect(tables[0][0] == "index,label," + (0..<10).map { "logit\($0)" }.joined(separator: ","))
    for (one, other) in zip(tables[0].dropFirst(), tables[1].dropFirst()) {
      let (a, b) = (one.split(separator: ","), other.split(separator: ","))
      #expect(a[0] == b[0] && a[1] == b[1])
      for (x, y) in zip(a.dropFirst(2), b.dropFirst(2)) {
        let (first, second) = (try #require(Float(x)), try #require(Float(y)))
        #expect(abs(first - second) < 1e-5)
      }
    }
  }

  @Test func whatIsMissingIsSaid() throws {
    let result = try Program.run(["evaluate", "/no/such/run"])
    #expect(result.status == 66 && result.errors.contains("/no/such/run"))
  }
}
