import Foundation
import Telemetry
import Testing

@Suite struct MetricsFollowerTests {
  private let place: TemporaryDirectory
  private let path: String

  init() throws {
    place = try TemporaryDirectory()
    path = place.file("metrics.jsonl")
  }

  @Test func readsOnlyWhatIsNew() throws {
    let writer = try MetricsWriter(path, resumingAt: 0)
    var follower = MetricsFollower(path)
    #expect(try follower.readOn() == 0)
    for step in 1...3 { try writer.append(MetricsWriterTests.train(step)) }
    #expect(try follower.readOn() == 3)
    #expect(try follower.readOn() == 0)
    try writer.append(MetricsWriterTests.train(4))
    #expect(try follower.readOn() == 1)
    #expect(try follower.records == MetricsReader.read(path) && follower.records.count == 4)
  }

  /// Half a line is read when it is whole.
  @Test func waitsForTheEndOfALine() throws {
    let writer = try MetricsWriter(path, resumingAt: 0)
    for step in 1...2 { try writer.append(MetricsWriterTests.train(step)) }
    let bytes = Data(try place.text("metrics.jsonl").utf8)
    var follower = MetricsFollower(path)
    try bytes.dropLast(5).write(to: URL(fileURLWithPath: path))
    #expect(try follower.readOn() == 1)
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try follower.readOn() == 1)
    #expect(follower.records.map(\.step) == [1, 2])
  }

  /// A run that goes on from a checkpoint drops lines, and writes others of the same length in their place.
  @Test func aResumedRunIsReadAnew() throws {
    let writer = try MetricsWriter(path, resumingAt: 0)
    for step in 1...6 { try writer.append(MetricsWriterTests.train(step)) }
    var follower = MetricsFollower(path)
    try follower.readOn()
    let resumed = try MetricsWriter(path, resumingAt: 4)
    #expect(try follower.readOn() == 4)
    for step in 5...6 {
      var record = MetricsWriterTests.train(step)
      record.time += 1
      try resumed.append(record)
    }
    #expect(try follower.readOn() == 2)
    #expect(try follower.records == MetricsReader.read(path) && follower.records.count == 6)

    // Dropped and written again between two readings.
    let again = try MetricsWriter(path, resumingAt: 4)
    for step in 5...8 {
      var record = MetricsWriterTests.train(step)
      record.time += 2
      try again.append(record)
    }
    #expect(try follower.readOn() == 8)
    #expect(try follower.records == MetricsReader.read(path))
  }
}
