import Foundation
import Telemetry
import Testing
import Timelines

@Suite struct TimelineTextTests {
  @Test func isJSONOnOneClock() throws {
    var text = TimelineText(origin: 100)
    text.append(
      rank: 0, host: "a", clock: 0,
      [
        TimelineEvent(.backward, from: 100.5, to: 100.75, step: 3),
        TimelineEvent(.bucket, from: 100.6, to: 100.6000015, step: 3, number: 2, bytes: 4096),
      ])
    // A clock that is 10 s ahead.
    text.append(
      rank: 1, host: "b\"\\\n", clock: 10, [TimelineEvent(.evaluate, from: 109, to: 110.5, step: 0)])
    text.end()
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.bytes)) as? [String: Any])
    let events = try #require(object["traceEvents"] as? [[String: Any]])
    let spans = events.filter { $0["ph"] as? String == "X" }
    #expect(spans.map { $0["name"] as? String } == ["backward", "bucket 2", "evaluate"])
    #expect(spans.map { $0["ts"] as? Double } == [500_000, 600_000, -1_000_000])
    #expect(spans.map { $0["dur"] as? Double } == [250_000, 1.5, 1_500_000])
    #expect(spans.map { $0["pid"] as? Int } == [0, 0, 1] && spans.map { $0["tid"] as? Int } == [0, 1, 0])
    #expect(spans[1]["args"] as? [String: Int] == ["step": 3, "bytes": 4096])
    #expect(spans[2]["args"] as? [String: Int] == [:])
    let names = events.filter { $0["name"] as? String == "process_name" }.map {
      $0["args"] as? [String: String]
    }
    #expect(names == [["name": "rank 0 (a)"], ["name": "rank 1 (b\"\\\\n)"]])
  }
}
