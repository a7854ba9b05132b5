import Telemetry
import Testing

@Suite struct RateMeterTests {
  @Test func knowsNothingBeforeTheFirstStep() {
    let meter = RateMeter(at: 5)
    #expect(meter.imagesPerSecond == nil && meter.secondsPerStep == nil)
  }

  @Test func theFirstStepCountsOnlyUntilTheSecond() {
    var meter = RateMeter(at: 0)
    meter.record(images: 100, at: 10)
    #expect(meter.imagesPerSecond == 10)
    meter.record(images: 100, at: 10.5)
    #expect(meter.imagesPerSecond == 200)
    #expect(meter.secondsPerStep == 0.5)
  }

  @Test func followsAChangeOfSpeed() throws {
    var meter = RateMeter(at: 0)
    var now = 0.0
    for _ in 0..<1000 {
      now += 0.1
      meter.record(images: 100, at: now)
    }
    #expect(abs(try #require(meter.imagesPerSecond) - 1000) < 1e-6)
    for _ in 0..<300 {
      now += 0.2
      meter.record(images: 100, at: now)
    }
    // After 60 s, four time constants, 2 % of the old speed are left.
    #expect(abs(try #require(meter.imagesPerSecond) - 500) < 20)
  }

  @Test func longStepsAreSmoothedToo() throws {
    var meter = RateMeter(at: 0)
    var now = 0.0
    for step in 0..<40 {
      now += step % 2 == 0 ? 50 : 70
      meter.record(images: 60, at: now)
    }
    #expect(abs(try #require(meter.imagesPerSecond) - 1) < 0.03)
  }

  @Test func breaksDoNotCount() throws {
    var meter = RateMeter(at: 0)
    meter.record(images: 10, at: 1)
    meter.record(images: 10, at: 2)
    meter.resume(at: 100)
    meter.record(images: 10, at: 101)
    #expect(meter.imagesPerSecond == 10)
  }

  @Test func aClockThatStandsStillIsNoDivisionByZero() {
    var meter = RateMeter(at: 1)
    meter.record(images: 10, at: 1)
    meter.record(images: 10, at: 0.5)
    #expect(meter.imagesPerSecond == nil)
  }
}
