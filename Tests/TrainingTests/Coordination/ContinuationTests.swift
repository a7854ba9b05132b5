import Testing
import Training

@Suite struct ContinuationTests {
  private func continuation(_ words: [String], maxSteps: Int? = nil, ranks: Int? = nil) -> Continuation {
    var settings = TrainingSettings()
    settings.maxSteps = maxSteps
    return Continuation(["/usr/bin/cnn-dist"] + words, settings: settings, run: "runs/a b", ranks: ranks)
  }

  @Test func afterAStopTheRunGoesOnToTheSameEnd() {
    let found = continuation(["train", "lenet", "--epochs", "3", "--run=x", "--data", "it's"], ranks: 4)
    #expect(
      found.afterStop
        == "mpirun -n 4 cnn-dist train lenet --epochs 3 --data 'it'\\''s' --run 'runs/a b' --resume auto")
  }

  @Test func afterTheEndTheUserSaysHowFar() {
    #expect(
      continuation(["train", "lenet", "--epochs", "3", "--resume", "auto"]).afterEnd
        == "cnn-dist train lenet --run 'runs/a b' --resume auto --epochs N")
    #expect(
      continuation(["train", "lenet", "--max-steps=5"], maxSteps: 5).afterEnd
        == "cnn-dist train lenet --run 'runs/a b' --resume auto --max-steps N")
  }
}
