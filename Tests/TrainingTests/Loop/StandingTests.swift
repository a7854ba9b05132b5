import Checkpoints
import Testing
import Training

@Suite struct StandingTests {
  private let schedule = Schedule(samples: 100, batchSize: 10, epochs: 20, maxSteps: nil)

  @Test func itSurvivesACheckpointsState() {
    var standing = Standing(seed: .max)
    standing.step = 12
    standing.updates = 11
    standing.restarts = 2
    standing.bestAccuracy = 0.25
    standing.bestStep = 10
    standing.start.loss = 3
    standing.start.images = 4
    var state = CheckpointState(model: "lenet", step: 0)
    standing.store(in: &state)
    #expect(Standing(state) == standing)
    #expect(state.seed == .max && state.restarts == 2 && state.startWindow == [3, 0, 4])
    let fresh = Standing(seed: 1)
    fresh.store(in: &state)
    #expect(Standing(state) == fresh)
    #expect(state.restarts == nil && state.startWindow == nil && state.bestAccuracy == nil)
  }

  @Test func aRestartKeepsNothingButItsCount() {
    var standing = Standing(seed: 7)
    standing.step = 600
    standing.bestAccuracy = 0.1
    standing.restart()
    standing.restart()
    var expected = Standing(seed: 9)
    expected.restarts = 2
    #expect(standing == expected)
  }

  @Test func onlyABetterAccuracyIsAnImprovement() {
    var standing = Standing(seed: 1)
    var found: [Bool] = []
    for (step, accuracy) in [(10, 0.0), (20, 0.5), (30, 0.5), (40, 0.4), (50, 0.6)] {
      standing.step = step
      found.append(standing.improves(accuracy))
    }
    #expect(found == [true, true, false, false, true])
    #expect(standing.bestAccuracy == 0.6 && standing.bestStep == 50)
  }

  @Test func itStallsAfterSoManyEpochs() {
    var standing = Standing(seed: 1)
    var settings = TrainingSettings()
    settings.earlyStopping = 2
    func stalls(at steps: [Int]) -> [Bool] {
      steps.map { step in
        standing.step = step
        return standing.hasStalled(settings, schedule)
      }
    }
    #expect(stalls(at: [20, 40]) == [false, false], "nothing was tested")
    standing.step = 20
    _ = standing.improves(0.5)
    #expect(stalls(at: [20, 30, 35, 40, 45, 50]) == [false, false, false, true, false, true])
    // Only an epoch that is tested can end the run.
    settings.evalEvery = 3
    #expect(stalls(at: [40, 50, 60]) == [false, false, true])
    settings.earlyStopping = 0
    #expect(stalls(at: [60]) == [false], "0 is never")
  }
}
