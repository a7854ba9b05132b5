import Foundation
import Optimizers
import Testing

@Suite struct LearningRateScheduleTests {
  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let schedule: String
    let total: Int
    let warmUp: Int
    let rates: [Double]
    var testDescription: String { "\(schedule), \(total) steps, \(warmUp) of warm-up" }
  }

  /// PyTorch's schedulers, made by scripts/goldens/schedules.py with three steps an epoch.
  private static let goldens: [Golden] = {
    guard let data = try? fixture("schedules") else { return [] }
    return (try? JSONDecoder().decode([Golden].self, from: data)) ?? []
  }()

  @Test func theFixtureIsWhole() { #expect(Self.goldens.count == 27) }

  /// PyTorch multiplies its way from step to step in double precision; the rate is rounded to single.
  @Test(arguments: goldens)
  func equalsPyTorch(golden: Golden) throws {
    let schedule = try #require(LearningRateSchedule(golden.schedule))
    #expect(golden.rates.count == golden.total)
    for (index, expected) in golden.rates.enumerated() {
      let rate = schedule.rate(
        at: index + 1, of: golden.total, base: 0.1, warmUp: golden.warmUp, stepsPerEpoch: 3)
      #expect(abs(Double(rate) - expected) < 1e-7 * expected + 1e-15, "step \(index + 1)")
    }
  }

  private func rates(_ schedule: LearningRateSchedule, _ total: Int, warmUp: Int = 0) -> [Float] {
    (1...total).map { schedule.rate(at: $0, of: total, base: 8, warmUp: warmUp) }
  }

  @Test func closedForms() {
    #expect(rates(.constant, 3) == [8, 8, 8])
    #expect(rates(.step(every: 2, factor: 0.5), 6) == [8, 8, 4, 4, 2, 2])
    #expect(rates(.polynomial(power: 1), 4) == [8, 6, 4, 2])
    #expect(rates(.polynomial(power: 2), 4) == [8, 4.5, 2, 0.5])
    let cosine = rates(.cosine(floor: 0.5), 4)
    for (found, expected) in zip(
      cosine, [8, 6 + 2 * Float(0.5).squareRoot(), 6, 6 - 2 * Float(0.5).squareRoot()])
    {
      #expect(abs(found - expected) < 1e-6)
    }
    #expect(rates(.cosine(floor: 1), 5) == [8, 8, 8, 8, 8])
  }

  @Test func oneCycleBeginsTopsAndEndsWhereItShould() {
    let found = rates(.oneCycle, 100)
    #expect(found[0] == Float(0.32))
    // Its top is where 30 % of the steps are done, counted from 0 as PyTorch does.
    #expect(found[29] == 8 && found.max() == 8)
    #expect(abs(found[99] - 3.2e-5) < 1e-10)
    #expect(zip(found, found.dropFirst()).prefix(29).allSatisfy { $0 < $1 })
    #expect(zip(found, found.dropFirst()).dropFirst(29).allSatisfy { $0 > $1 })
    #expect(rates(.oneCycle, 100, warmUp: 10) == found, "it has a warm-up of its own")
  }

  @Test(
    arguments: [
      .constant, .step(every: 3, factor: 0.1), .cosine(), .polynomial(power: 2),
    ] as [LearningRateSchedule])
  func warmUpRisesToTheBaseAndTheScheduleFollows(_ schedule: LearningRateSchedule) {
    let found = rates(schedule, 20, warmUp: 4)
    #expect(Array(found.prefix(4)) == [2, 4, 6, 8])
    #expect(Array(found.dropFirst(4)) == rates(schedule, 16))
    // A run that is all warm-up, and one that ends within it.
    #expect(rates(schedule, 4, warmUp: 4) == [2, 4, 6, 8])
    #expect(rates(schedule, 2, warmUp: 4) == [2, 4])
  }

  /// A run that goes on for longer than was planned stays at the last rate.
  @Test func behindTheEnd() {
    #expect(LearningRateSchedule.polynomial(power: 1).rate(at: 9, of: 4, base: 8) == 0)
    #expect(LearningRateSchedule.cosine(floor: 0.25).rate(at: 9, of: 4, base: 8) == 2)
    let last = LearningRateSchedule.oneCycle.rate(at: 4, of: 4, base: 8)
    #expect(LearningRateSchedule.oneCycle.rate(at: 9, of: 4, base: 8) == last)
  }

  @Test(
    arguments: [
      ("constant", .constant), ("step:30:0.1", .step(every: 30, factor: 0.1)), ("cosine", .cosine(floor: 0)),
      ("cosine:0.01", .cosine(floor: 0.01)), ("one-cycle", .oneCycle),
      ("polynomial:2.0", .polynomial(power: 2)),
    ] as [(String, LearningRateSchedule)])
  func textAndBack(_ text: String, _ schedule: LearningRateSchedule) {
    #expect(LearningRateSchedule(text) == schedule)
    #expect(schedule.description == text)
  }

  @Test(arguments: [
    "", ":", "Cosine", "cosine:", "cosine:-0.1", "cosine:1.5", "cosine:nan", "cosine:0.1:2", "constant:1",
    "step", "step:30", "step:0:0.1", "step:-1:0.1", "step:1.5:0.1", "step:30:0", "step:30:2", "step:30:x",
    "step:30:0.1:2", "one-cycle:3", "onecycle", "polynomial", "polynomial:0", "polynomial:-1",
    "polynomial:inf", "polynomial:nan", " cosine", "step: 30:0.1",
  ])
  func otherTextIsRefused(_ text: String) { #expect(LearningRateSchedule(text) == nil) }

  @Test func otherSpellingsOfNumbers() {
    #expect(LearningRateSchedule("polynomial:2") == .polynomial(power: 2))
    #expect(LearningRateSchedule("cosine:0") == .cosine())
    #expect(LearningRateSchedule("step:30:1e-1") == .step(every: 30, factor: 0.1))
  }
}
