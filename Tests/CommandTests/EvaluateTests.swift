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

  /// Loss, table and confusion matrix to the last digit, and as the logits of every sample say.
  @Test func scoresDoNotDependOnTheRanks() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    #expect(try Program.run(smallTraining(run)).status == 0)
    func json(_ more: [String], ranks: Int? = nil) throws -> String {
      let result = try Program.run(
        ["evaluate", run, "--test-limit", "333", "--batch-size", "50", "--json"] + more, ranks: ranks)
      #expect(result.status == 0, "\(result.errors)")
      return result.output
    }
    let logits = scratch.file("logits.csv")
    let alone = try json(["--logits", logits])
    for ranks in ["2", "3", "7"] { #expect(try json(["--ranks", ranks, "--threads", "1"]) == alone) }
    #expect(try json([], ranks: 2) == alone)

    struct Score: Decodable {
      let loss: Double
      let correct: Int
      let confusion: [[Int]]
    }
    let score = try snakeCaseDecoder().decode(Score.self, from: Data(alone.utf8))
    var confusion = Array(repeating: Array(repeating: 0, count: 11), count: 10)
    var loss = 0.0
    for line in try String(contentsOfFile: logits, encoding: .utf8).split(separator: "\n").dropFirst() {
      let cells = line.split(separator: ",").map { Double($0)! }
      let (label, row) = (Int(cells[1]), cells[2...].map { $0 })
      confusion[label][row.firstIndex(of: row.max()!)!] += 1
      loss += log(row.reduce(0) { $0 + exp($1) }) - row[label]
    }
    #expect(score.confusion == confusion)
    #expect(score.correct == (0..<10).reduce(0) { $0 + confusion[$1][$1] })
    #expect(abs(score.loss - loss / 333) < 1e-9)
  }

  @Test func whatIsMissingIsSaid() throws {
    let result = try Program.run(["evaluate", "/no/such/run"])
    #expect(result.status == 66 && result.errors.contains("/no/such/run"))
  }
}
