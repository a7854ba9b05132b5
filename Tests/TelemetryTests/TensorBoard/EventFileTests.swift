import Foundation
import SwiftProtobuf
import Telemetry
import Testing

@Suite struct EventFileTests {
  private func scalar(_ step: Int) -> TensorBoardEvent {
    .with {
      $0.step = Int64(step)
      $0.wallTime = 1_763_687_820.5
      $0.summary.value = [
        .with {
          $0.tag = "loss"
          $0.simpleValue = Float(step)
        }
      ]
    }
  }

  /// Length 24, its checksum, `brain.Event:2` at time 1.5, its checksum: as TensorFlow writes it.
  @Test func aRecordIsTensorFlowsToTheByte() throws {
    let version = TensorBoardEvent.with {
      $0.wallTime = 1.5
      $0.fileVersion = "brain.Event:2"
    }
    let data: [UInt8] = try version.serializedBytes()
    #expect(data == [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x1A, 13] + Array("brain.Event:2".utf8))
    let record = EventFile.record(data)
    #expect(record.prefix(12) == [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    #expect(record.count == 12 + 24 + 4)
  }

  @Test func readsWhatItWrote() throws {
    let place = try TemporaryDirectory()
    do {
      var file = try EventFile(in: place.path, number: 0, startingAt: 1, after: 0, time: 1_763_687_820)
      for step in 1...3 { try file.append(scalar(step)) }
    }
    let name = try #require(place.names.first)
    #expect(name.hasPrefix("events.out.tfevents.1763687820.") && name.hasSuffix(".\(getpid()).0"))
    let events = EventFile.events(in: Array(try Data(contentsOf: URL(fileURLWithPath: place.file(name)))))
    #expect(events.map(\.event.step) == [0, 1, 1, 2, 3])
    #expect(events[0].event.fileVersion == "brain.Event:2" && events[1].event.sessionLog.status == .start)
    #expect(events[4].event == scalar(3))
  }

  /// Every place at which a crash can leave the last record, and every bit of it that a disk can turn.
  @Test func whatIsTornOrTurnedEndsTheFile() throws {
    let record = EventFile.record(try scalar(2).serializedBytes())
    let whole = EventFile.record(try scalar(1).serializedBytes()) + record
    for cut in 1...record.count { #expect(EventFile.events(in: whole.dropLast(cut)).count == 1) }
    for index in whole.count - record.count..<whole.count {
      var turned = whole
      turned[index] ^= 0x10
      #expect(EventFile.events(in: turned).count == 1, "byte \(index)")
    }
    #expect(EventFile.events(in: [UInt8](repeating: 0xFF, count: 100)).isEmpty)
  }

  @Test func aCutKeepsWhatIsNotPastTheStep() throws {
    let place = try TemporaryDirectory()
    for (number, steps) in [1...4, 5...8].enumerated() {
      var file = try EventFile(
        in: place.path, number: number, startingAt: steps.lowerBound,
        after: 1_763_687_819 + number, time: 1_763_687_820)
      for step in steps { try file.append(scalar(step)) }
    }
    // The second of the same second is behind the first.
    #expect(place.names.map { $0.split(separator: ".")[3] } == ["1763687820", "1763687821"])
    func steps() throws -> [[Int64]] {
      try place.names.map { name in
        EventFile.events(in: Array(try Data(contentsOf: URL(fileURLWithPath: place.file(name)))))
          .filter { !$0.event.summary.value.isEmpty }.map(\.event.step)
      }
    }
    #expect(try EventFile.cut(in: place.path, after: 6) == 1_763_687_821)
    #expect(try steps() == [[1, 2, 3, 4], [5, 6]])
    #expect(try EventFile.cut(in: place.path, after: 4) == 1_763_687_821)
    #expect(try steps() == [[1, 2, 3, 4], []])
    #expect(try EventFile.cut(in: place.path, after: 0) == 1_763_687_821)
    #expect(try steps() == [[], []])
  }
}
