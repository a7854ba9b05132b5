import Failures
import Testing
import Training

@Suite struct SettingsCheckTests {
  private func failure(ranks: Int = 1, _ change: (inout TrainingSettings) -> Void) -> Failure? {
    var settings = TrainingSettings()
    settings.batchSize = 10
    change(&settings)
    do throws(Failure) { try settings.check(ranks: ranks) } catch { return error }
    return nil
  }

  @Test func whatMakesSensePasses() {
    #expect(failure { $0.accumulate = 10 } == nil)
    #expect(failure(ranks: 3) { $0.accumulate = 3 } == nil)
    #expect(
      failure {
        $0.optimizer = .sgd
        $0.momentum = 0.9
        $0.nesterov = true
      } == nil)
  }

  @Test func whatDoesNotNamesTheOption() {
    let found = [
      failure(ranks: 11) { _ in }, failure(ranks: 3) { $0.accumulate = 4 }, failure { $0.nesterov = true },
      failure {
        $0.optimizer = .sgd
        $0.nesterov = true
      },
      failure { $0.momentum = 0.9 },
      failure {
        $0.schedule = .oneCycle
        $0.warmupEpochs = 1
      },
      failure {
        $0.optimizer = .lars
        $0.decay = .all
      },
      failure {
        $0.earlyStopping = 2
        $0.evalEvery = 0
      },
      failure {
        $0.restartDead = 1
        $0.initialWeights = "w"
      },
      failure {
        $0.restartDead = 1
        $0.deadSteps = 0
      },
    ]
    #expect(found.allSatisfy { $0?.code == .configuration && $0?.advice.isEmpty == false })
    #expect(
      found.map { $0?.location } == [
        "--batch-size", "--accumulate", "--nesterov", "--nesterov", "--momentum", "--warmup-epochs",
        "--decay", "--early-stopping",
        "--restart-dead",
        "--restart-dead",
      ])
    #expect(found[1]?.advice == "give at most 3")
  }

  @Test(arguments: [("stop", NonFiniteChoice.stop), ("skip:1", .skip(1)), ("skip:10", .skip(10))])
  func nonFiniteChoicesReadWhatTheyWrite(text: String, choice: NonFiniteChoice) {
    #expect(NonFiniteChoice(text) == choice && choice.description == text)
  }

  @Test(arguments: ["", "skip", "skip:", "skip:0", "skip:-1", "skip:x", "Stop", "skip:1:2"])
  func otherTextsAreNoChoice(text: String) { #expect(NonFiniteChoice(text) == nil) }
}
