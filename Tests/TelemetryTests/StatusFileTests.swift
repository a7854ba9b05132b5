import Failures
import Foundation
import Telemetry
import Testing

@Suite struct StatusFileTests {
  @Test func hasEveryKey() throws {
    let place = try TemporaryDirectory()
    let file = StatusFile(place.file("status.json"), time: ManualTime().source)
    try file.write(RunStatus(state: .running, step: 120, epoch: 0))
    #expect(
      try place.text("status.json") == """
        {
          "best_accuracy" : null,
          "epoch" : 0,
          "exit_code" : null,
          "message" : "",
          "state" : "running",
          "step" : 120,
          "steps" : null,
          "steps_per_epoch" : null,
          "updated" : "2025-11-21T01:17:00.123Z"
        }

        """)
  }

  @Test func isReplacedWhole() throws {
    let place = try TemporaryDirectory()
    let file = StatusFile(place.file("status.json"))
    try file.write(RunStatus(state: .running, step: 1, epoch: 0))
    let held = try FileHandle(forReadingFrom: URL(fileURLWithPath: file.path))
    let stopped = RunStatus(
      state: .stopped, step: 7, epoch: 3, bestAccuracy: 0.75, exitCode: 75, message: "on \"request\"\u{1B}")
    try file.write(stopped)
    // Who has the old file open still reads it to its end.
    #expect(String(decoding: held.readDataToEndOfFile(), as: UTF8.self).contains("\"running\""))
    var back = try file.read()
    #expect(back.updated.hasSuffix("Z"))
    #expect((back.state, back.step, back.epoch, back.exitCode) == (.stopped, 7, 3, 75))
    #expect((back.bestAccuracy, back.message) == (0.75, stopped.message))
    back.bestAccuracy = .nan
    try file.write(back)
    #expect(try file.read().bestAccuracy == nil)
    #expect(place.names == ["status.json"])
  }

  @Test func saysWhatIsWrong() throws {
    let place = try TemporaryDirectory()
    let file = StatusFile(place.file("status.json"))
    #expect(#expect(throws: Failure.self) { try file.read() }?.code == .missingInput)
    try place.write("{", to: "status.json")
    #expect(#expect(throws: Failure.self) { try file.read() }?.code == .badData)
    let nowhere = StatusFile(place.file("status.json/below"))
    #expect(
      #expect(throws: Failure.self) { try nowhere.write(RunStatus(state: .failed, step: 0, epoch: 0)) } != nil
    )
  }
}
