import Foundation
import ProgramRunner
import Testing

/// The promise of shards: the same bits on any number of ranks, wherever they run, interrupted or not.
@Suite(.serialized) struct SameBitsTests {
  /// Where a run is computed.
  struct Place: Sendable, CustomStringConvertible {
    var processes: Int?
    var options: [String] = []
    var description: String { "mpirun -n \(processes ?? 1) \(options.joined(separator: " "))" }

    static func mpi(_ ranks: Int) -> Place { Place(processes: ranks, options: ["--threads", "1"]) }
    static func threads(_ ranks: Int, of threads: Int = 1) -> Place {
      Place(options: ["--ranks", "\(ranks)", "--threads", "\(threads)"])
    }
  }

  /// Everything that could depend on where a sample is computed. Neither batches nor the last of an epoch are whole shards.
  private static let everything = [
    "--train-limit", "230", "--test-limit", "101", "--batch-size", "50", "--dropout", "0.2", "--augment",
    "flip,crop:2", "--mixup", "0.2", "--clip-norm", "1", "--ema", "0.9", "--max-steps", "50", "--log-every",
    "1",
  ]

  static let networks: [[String]] = [
    ["lenet"], ["vgg11-small", "--image-size", "32"],
    ["resnet18", "--image-size", "48", "--max-steps", "6"],
    ["densenet", "--image-size", "32", "--max-steps", "12"],
  ]

  private func train(_ run: String, _ arguments: [String], at place: Place) throws {
    let result = try Program.run(
      ["train"] + arguments + place.options + ["--run", run], ranks: place.processes)
    #expect(result.status == 0, "\(place): \(result.errors)")
  }

  @Test(arguments: networks)
  func anyNumberOfRanks(network: [String]) throws {
    let scratch = try ScratchDirectory()
    let places = [
      Place.threads(1), .threads(1, of: 2), .mpi(2), .mpi(4), .threads(2), .threads(4), .threads(8),
    ]
    let arguments = [network[0]] + Self.everything + network.dropFirst()
    for (index, place) in places.enumerated() {
      try train(scratch.file("\(index)"), arguments, at: place)
      try expectSame(scratch.file("\(index)"), scratch.file("0"), "\(place)")
    }
  }

  /// Other sums do change the bits: the comparison above would show it.
  @Test func withoutShardsTheBitsDiffer() throws {
    let scratch = try ScratchDirectory()
    let arguments = ["lenet"] + Self.everything + ["--shards", "0", "--max-steps", "5"]
    try train(scratch.file("one"), arguments, at: .threads(1))
    try train(scratch.file("four"), arguments, at: .threads(4))
    #expect(
      try lastCheckpoint(of: scratch.file("one")).model != lastCheckpoint(of: scratch.file("four")).model)
  }

  @Test(
    "fault 15: stopped on two ranks in the middle of an epoch, resumed on 4, 1 and 8 → the same bytes and metrics",
    arguments: networks.suffix(3).prefix(2) + networks.prefix(1))
  func resumedOnOtherRanks(network: [String]) throws {
    let scratch = try ScratchDirectory()
    let arguments = [network[0]] + Self.everything + network.dropFirst() + ["--max-steps", "8"]
    let (whole, parts) = (scratch.file("whole"), scratch.file("parts"))
    try train(whole, arguments, at: .mpi(2))
    // A schedule that does not end with the run: its length is no setting.
    try train(parts, arguments + ["--max-steps", "3"], at: .mpi(2))
    for (steps, place) in [(4, Place.mpi(4)), (6, .threads(1)), (8, .threads(8))] {
      let result = try Program.run(
        ["train"] + arguments + place.options + [
          "--max-steps", "\(steps)", "--run", parts, "--resume", "auto",
        ],
        ranks: place.processes)
      #expect(result.status == 0, "\(place): \(result.errors)")
      #expect(result.output.contains("to the same bits"), "\(result.output)")
    }
    try expectSame(parts, whole, "resumed")
  }

  /// Ranks that do not divide the shards work too, and say what they cannot promise.
  @Test func aNoteWhereRanksDoNotDivideTheShards() throws {
    let scratch = try ScratchDirectory()
    let result = try Program.run(
      ["train", "lenet"] + Self.everything
        + ["--max-steps", "2", "--ranks", "3", "--threads", "1", "--run", scratch.file("three")])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("3 ranks do not divide 8 shards"), "\(result.output)")
  }
}

/// `cnn-dist verify`: the same promise, as a stranger checks it.
@Suite(.serialized) struct VerifyTests {
  private static let small = ["--train-limit", "500", "--test-limit", "101", "--batch-size", "100"]

  @Test func sameBitsAreProven() throws {
    let result = try Program.run(["verify", "lenet"] + Self.small)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.outputLines.count { $0.hasSuffix("identical  identical  identical") } == 15)
    #expect(result.output.contains("each run saw each of its 500 samples exactly once"))
    #expect(result.output.contains("each run counted 101 images"))
  }

  @Test func otherBitsAreFound() throws {
    let result = try Program.run(["verify", "lenet", "--shards", "0"] + Self.small)
    #expect(result.status == 76, "\(result.errors)")
    #expect(result.errors.contains("layers differ") && result.output.contains(" ulp"))
  }

  /// The step behind a checkpoint is computed again, on other ranks; a proof that says something else is found.
  @Test func theStepBehindACheckpointIsComputedAgain() throws {
    let scratch = try ScratchDirectory()
    let run = scratch.file("run")
    let arguments =
      ["train", "vgg11-small", "--image-size", "32", "--dropout", "0.3", "--max-steps", "7", "--run", run]
      + Self.small
    #expect(try Program.run(arguments + ["--ranks", "2", "--keep", "2"]).status == 0)
    let again = try Program.run(["verify", "--run", run, "--ranks", "4"])
    #expect(again.status == 0 && again.output.contains("step 6"), "\(again.errors)")
    #expect(again.outputLines.count { $0.hasSuffix("identical") } == 2)
    try damage(checkpoint(of: run, step: 5) + "/next.json") { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      let start = text.range(of: "\"gradient\":\"")!.upperBound
      let digit = text[start] == "0" ? "1" : "0"
      bytes = Data((text[..<start] + digit + text[text.index(after: start)...]).utf8)
    }
    let other = try Program.run(["verify", "--run", run])
    #expect(other.status == 76 && other.errors.contains("step 6 computed again differs"), "\(other.errors)")
    expectFailure(try Program.run(["verify", "--run", scratch.file("none")]), 66, "no such run")
    expectFailure(try Program.run(["verify", "lenet", "--steps", "1"]), 64, "--steps 1")
  }
}
