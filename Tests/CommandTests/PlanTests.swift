import Foundation
import ProgramRunner
import Testing

/// What `plan` says; whether it comes true is measured by `scripts/bench/plan`.
@Suite struct PlanTests {
  private static let lenet = [
    "lenet", "--dataset", "synthetic", "--train-limit", "512", "--test-limit", "64", "--batch-size", "64",
    "--epochs",
    "3", "--seconds", "1", "--threads", "1",
  ]

  private func plan(_ arguments: [String], ranks: Int? = nil) throws -> [String: Any] {
    let result = try Program.run(["plan"] + arguments + ["--json"], ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func rows(_ plan: [String: Any]) throws -> [[String: Any]] {
    try #require((plan["plan"] as? [String: Any])?["rows"] as? [[String: Any]])
  }

  private func numbers(_ rows: [[String: Any]], _ key: String) -> [Double] {
    rows.compactMap { ($0[key] as? NSNumber)?.doubleValue }
  }

  @Test(arguments: [nil, 2]) func everyNumberOfRanksHasARow(mpi: Int?) throws {
    let plan = try plan(Self.lenet + ["--bandwidth", "1Gbit", "--latency", "50us"], ranks: mpi)
    let rows = try rows(plan)
    #expect(numbers(rows, "ranks") == [1, 2, 4, 8, 16, 32, 64])
    #expect(numbers(rows, "images_per_rank") == [64, 32, 16, 8, 4, 2, 1])
    #expect(numbers(rows, "steps").allSatisfy { $0 == 24 })
    for row in rows {
      let seconds = numbers([row], "step_seconds")[0]
      #expect(seconds > 0 && abs(numbers([row], "images_per_second")[0] * seconds - 64) < 1e-6)
      #expect(numbers([row], "seconds_to_end")[0] >= 24 * seconds)
      #expect(numbers([row], "bytes_per_rank")[0] > 1e6)
    }
    #expect(numbers(rows, "efficiency")[0] == 1)
    let assumptions = (plan["assumptions"] as? [String] ?? []).joined(separator: "\n")
    #expect(assumptions.contains("50.0 us and 1.00 Gbit/s") && assumptions.contains("as given"))
    // The ranks that measured also took steps together.
    if mpi != nil { #expect((plan["check"] as? [String: Any])?["ranks"] as? Int == 2) }
  }

  /// In half the bytes half the time, on ranks that divide the shards; and with nothing beside backward nothing is hidden.
  @Test func sixteenBitsTakeHalfTheTime() throws {
    let network = ["--bandwidth", "1Mbit", "--latency", "1us", "--ranks-per-node", "1", "--wire", "bf16"]
    let rows = try rows(try plan(Self.lenet + network + ["--no-overlap"]))
    #expect(numbers(rows, "ranks") == [1, 2, 4, 8])
    let step = numbers(rows, "step_seconds")[2]
    #expect(step > 1.45 && step < 1.6, "\(step)")
    let hidden = try rows.map {
      try #require(($0["step"] as? [String: Any])?["hidden"] as? NSNumber).doubleValue
    }
    // Losses and counts are added up at the beginning of backward all the same: 56 bytes a rank.
    #expect(hidden.allSatisfy { $0 < 2e-3 }, "\(hidden)")
  }

  /// LeNet's 61,706 parameters go in one bucket. Of four ranks, one a node, 2 x 2 messages and 2 x 3/4 of 246,824 bytes at 1 Mbit/s
  /// take 2.96 s; computation is a matter of milliseconds.
  @Test func aSlowNetworkIsWhatAStepTakes() throws {
    let scratch = try ScratchDirectory()
    let probe = scratch.file("probe.json")
    let measured = try Program.run(["plan"] + Self.lenet + ["--most", "4", "--json"])
    try measured.output.write(toFile: probe, atomically: false, encoding: .utf8)
    let slow = ["--ranks-per-node", "1", "--bandwidth", "1Mbit", "--latency", "1ms"]
    let rows = try rows(try plan(["lenet", "--probe", probe] + slow))
    let step = numbers(rows, "step_seconds")[2]
    #expect(step > 2.9 && step < 3.2, "\(step)")
    #expect(numbers(rows, "efficiency")[2] < 0.1)
    let text = try Program.run(["plan", "lenet", "--probe", probe] + slow)
    #expect(
      text.output.contains("more than 1 rank stop paying") && text.output.contains("\nassumed:\n"),
      "\(text.output)")
    // The measured times are the same, so two plans of one probe are too.
    #expect(try Program.run(["plan", "lenet", "--probe", probe] + slow).output == text.output)
  }

  /// Four ranks that differ by as much as they compute wait about as long again: the slowest of four is 1.03 deviations late.
  @Test func ranksThatDifferAreWaitedFor() throws {
    let scratch = try ScratchDirectory()
    let probe = scratch.file("probe.json")
    let measured = try Program.run(["plan"] + Self.lenet + ["--most", "4", "--json"])
    try measured.output.write(toFile: probe, atomically: false, encoding: .utf8)
    func step(jitter: Int) throws -> [String: Any] {
      let network = ["--bandwidth", "400Gbit", "--latency", "1us", "--jitter", "\(jitter)"]
      let row = try rows(try plan(["lenet", "--probe", probe] + network))[2]
      return try #require(row["step"] as? [String: Any])
    }
    #expect(try step(jitter: 0)["straggling"] as? Double == 0)
    let late = try step(jitter: 100)
    let ratio = (late["straggling"] as? Double ?? 0) / (late["compute"] as? Double ?? 1)
    #expect(ratio > 0.95 && ratio < 1.1, "\(ratio)")
  }

  @Test func aBatchThatGrows() throws {
    let rows = try rows(try plan(Self.lenet + ["--weak", "--batch-size", "16", "--most", "16"]))
    #expect(numbers(rows, "images_per_rank").allSatisfy { $0 == 16 })
    #expect(numbers(rows, "batch") == [16, 32, 64, 128, 256])
    #expect(numbers(rows, "steps") == [96, 48, 24, 12, 6])
  }

  @Test(arguments: [
    (["lenot"], 64, "lenet"), (["lenet", "--bandwidth", "fast"], 64, "10Gbit"),
    (["lenet", "--latency", "0us"], 64, "--latency"),
    (["lenet", "--ranks-per-node", "0"], 64, "--ranks-per-node"),
    (["lenet", "--most", "0"], 64, "--most"), (["lenet", "--jitter=-1"], 64, "--jitter"),
    (["lenet", "--seconds", "0"], 64, "--seconds"),
    (["lenet", "--probe", "/nowhere.json"], 66, "/nowhere.json"),
    (["lenet", "--probe", "/etc/hostname"], 65, "plan --json"),
    (["lenet", "--data", "/nowhere"], 66, "/nowhere"), (["vgg11", "--image-size", "8"], 78, "--image-size"),
    (
      ["lenet", "--dataset", "synthetic", "--train-limit", "8", "--batch-size", "16", "--weak"], 78,
      "--batch-size"
    ),
  ]) func whatIsWrongIsNamed(arguments: [String], status: Int32, word: String) throws {
    let result = try Program.run(["plan"] + arguments)
    #expect(result.status == status, "\(result.errors)")
    #expect(result.ownErrors.count == 1 && result.errors.contains(word), "\(result.errors)")
  }
}
