import Foundation
import ProgramRunner
import Testing

@Suite struct TimelineTests {
  private let scratch: ScratchDirectory
  private let file: String

  init() throws {
    scratch = try ScratchDirectory()
    file = scratch.file("trace.json")
  }

  private struct Trace: Decodable {
    struct Event: Decodable {
      let ph: String
      let name: String
      let pid: Int
      let tid: Int
      let ts: Double?
      let dur: Double?
      let args: Arguments

      var start: Double { ts ?? .nan }
      var end: Double { start + (dur ?? .nan) }
    }
    struct Arguments: Decodable {
      let step: Int?
      let bytes: Int?
    }
    let traceEvents: [Event]
  }

  /// Some buckets, of which the first is complete long before backward is.
  private func training(_ more: [String] = []) -> [String] {
    [
      "train", "resnet18", "--dataset", "synthetic", "--train-limit", "16", "--test-limit", "8",
      "--image-size",
      "32", "--batch-size", "8", "--max-steps", "4", "--threads", "1", "--run", scratch.file("run"),
      "--trace", file,
    ] + more
  }

  private func spans() throws -> [Trace.Event] {
    try JSONDecoder().decode(Trace.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
      .traceEvents.filter { $0.ph == "X" }
  }

  /// Both tracks of a rank without overlaps, each step's activities in their order.
  private func expectOrder(_ spans: [Trace.Event], ranks: Int) {
    #expect(Set(spans.map(\.pid)) == Set(0..<ranks))
    for rank in 0..<ranks {
      for track in 0...1 {
        let own = spans.filter { $0.pid == rank && $0.tid == track }.sorted { $0.start < $1.start }
        for (one, next) in zip(own, own.dropFirst()) { #expect(one.end <= next.start + 0.002) }
      }
      for step in 1...4 {
        let own = spans.filter { $0.pid == rank && $0.tid == 0 && $0.args.step == step }
        #expect(
          own.sorted { $0.start < $1.start }.map(\.name) == [
            "wait for data", "forward", "backward", "wait for reduction", "update", "audit", "records",
          ])
      }
      #expect(spans.count { $0.pid == rank && $0.name == "evaluate" } == 2)
    }
  }

  @Test(arguments: [2, 4]) func everyRankOnOneClock(ranks: Int) throws {
    let result = try Program.run(training(), ranks: ranks)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("timeline \(file): open it at https://ui.perfetto.dev\n"))
    let spans = try spans()
    expectOrder(spans, ranks: ranks)
    var hidden = 0
    for step in 1...4 {
      let buckets = spans.filter { $0.args.step == step && $0.name.hasPrefix("bucket ") }
      let names = Set(buckets.map(\.name))
      #expect(names.count > 1 && buckets.count == names.count * ranks)
      for name in names {
        // An all-reduce ends nowhere before it has begun everywhere: so the clocks are the same.
        let same = buckets.filter { $0.name == name }
        #expect(same.map(\.end).min()! >= same.map(\.start).max()!)
        #expect(same.allSatisfy { $0.args.bytes! > 0 && $0.args.bytes! <= 4_000_000 })
      }
      for rank in 0..<ranks {
        let backward = spans.first { $0.pid == rank && $0.args.step == step && $0.name == "backward" }!
        let first = buckets.first { $0.pid == rank && $0.name == "bucket 1" }!
        #expect(first.start > backward.start)
        if first.start < backward.end { hidden += 1 }
      }
    }
    // On a busy machine the threads that communicate may come late, but not always.
    #expect(hidden > 0)
  }

  @Test func withoutOverlapNothingIsSentBesideBackward() throws {
    #expect(try Program.run(training(["--no-overlap"]), ranks: 2).status == 0)
    let spans = try spans()
    let buckets = spans.filter { $0.name.hasPrefix("bucket ") }
    #expect(buckets.count > 4)
    for bucket in buckets {
      let backward = try #require(
        spans.first { $0.pid == bucket.pid && $0.args.step == bucket.args.step && $0.name == "backward" })
      #expect(bucket.start >= backward.end)
    }
  }

  @Test func withoutMPI() throws {
    #expect(try Program.run(training(["--ranks", "2"])).status == 0)
    expectOrder(try spans(), ranks: 2)
    #expect(try Program.run(training(["--run", scratch.file("one")])).status == 0)
    let alone = try spans()
    expectOrder(alone, ranks: 1)
    #expect(!alone.contains { $0.name.hasPrefix("bucket") })
  }

  @Test func aFileThatCannotBeWrittenIsSaidBeforeAnyWork() throws {
    let result = try Program.run(training(["--trace", "/nowhere/trace.json"]), ranks: 2)
    expectFailure(result, 73, "/nowhere/")
    #expect(!result.output.contains("epoch 1"))
  }
}
