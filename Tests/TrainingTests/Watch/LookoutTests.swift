import Foundation
import Testing
import Training

@Suite struct LookoutTests {
  private func beat(_ count: Int64, waiting: Bool = false, phase: Pulse.Phase = .computing) -> Heartbeat {
    var beat = Heartbeat()
    beat.count = count
    beat.phase = phase.rawValue
    beat.millisecondsWaited = waiting ? 100 : 0
    return beat
  }

  /// Rank 0 of four on two machines, which looks from second 0 to second 10; rank 3 stops to beat at second 4.
  private func lookout() -> Lookout {
    var lookout = Lookout(0, hosts: ["a", "a", "b", "b"], at: 0)
    for second in 1...10 {
      lookout.see(beat(Int64(second), waiting: true), of: 1, at: Double(second))
      lookout.see(beat(Int64(second), waiting: true), of: 2, at: Double(second))
      lookout.see(beat(Int64(min(4, second)), waiting: true), of: 3, at: Double(second))
    }
    return lookout
  }

  @Test func aRankWithoutASignOfLifeIsNamed() {
    #expect(lookout().culprits(at: 10, quiet: 3) == "rank 3 (b), without a sign of life for 6 s")
  }

  @Test func aRankWhoseBeatIsLateIsNotNamedBesideOneThatIsGone() {
    #expect(lookout().culprits(at: 13.5, quiet: 3) == "rank 3 (b), without a sign of life for 9 s")
    #expect(
      lookout().culprits(at: 16, quiet: 3)
        == "ranks 1 (a), 2 (b), 3 (b), without a sign of life for 6 s")
  }

  @Test func aRankThatIsAliveIsNamedWithWhatItDoes() {
    var lookout = lookout()
    lookout.see(beat(11, phase: .loading), of: 3, at: 10)
    #expect(lookout.culprits(at: 10, quiet: 3) == "rank 3 (b), which loads data")
    lookout.see(beat(12, waiting: true), of: 3, at: 10)
    #expect(lookout.culprits(at: 10, quiet: 3).hasPrefix("a message: all ranks are alive"))
  }

  @Test func aRankThatIsNotSeenIsTheLastToBeSuspected() {
    var lookout = Lookout(0, hosts: ["a", "a", "b", "b"], at: 0)
    lookout.see(beat(1, waiting: true), of: 1, at: 9)
    #expect(
      lookout.culprits(at: 10, quiet: 3) == "ranks 2 (b), 3 (b), whose heartbeats cannot be seen from a")
    lookout.see(beat(1), of: 2, at: 9)
    #expect(lookout.culprits(at: 10, quiet: 3) == "rank 2 (b), which computes")
  }

  @Test func theFirstRankThatWaitsAndLivesSpeaks() {
    #expect(lookout().speaks(at: 10, quiet: 3))
    var last = Lookout(2, hosts: ["a", "a", "b"], at: 0)
    last.see(beat(1), of: 0, at: 1)
    last.see(beat(1, waiting: true), of: 1, at: 1)
    #expect(!last.speaks(at: 1, quiet: 3))
    // Rank 1 is not heard of any more; later it gives up.
    #expect(last.speaks(at: 10, quiet: 3))
    last.see(beat(2, phase: .leaving), of: 1, at: 10)
    #expect(!last.speaks(at: 10, quiet: 3))
  }

  @Test func onlyProcessesOfThisMachineThatDidNotLeaveAreFoundDead() {
    var lookout = lookout()
    #expect(lookout.dead { _ in true }.isEmpty)
    #expect(lookout.dead { _ in false } == [1])
    lookout.see(beat(12, phase: .leaving), of: 1, at: 10)
    #expect(lookout.dead { _ in false }.isEmpty)
  }

  @Test func aBeatIsReadAsItWasWritten() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("beat-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = Heartbeat.File(path)
    #expect(file.read() == nil)
    for count in 1...2 {
      let written = beat(Int64(count), waiting: true, phase: .evaluating)
      file.write(written)
      #expect(file.read() == written && written.process == Int64(getpid()))
    }
    try Data(repeating: 1, count: 56).write(to: URL(fileURLWithPath: path))
    #expect(file.read() == nil)
  }
}
