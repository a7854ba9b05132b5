import Telemetry
import Testing

@Suite struct RunSummaryTests {
  @Test func saysWhereEverythingIs() {
    let summary = RunSummary(
      state: .completed, epoch: 5, epochs: 5, seconds: 155, bestEpoch: 4, bestAccuracy: 0.756,
      paths: RunPaths("runs/lenet-1"),
      commands: [.init("evaluate", "cnn-dist evaluate runs/lenet-1/checkpoints/best")])
    #expect(
      summary.text == """
        completed: 5 of 5 epochs in 3 min
        best epoch 4, test acc 0.756
        run directory runs/lenet-1
          checkpoints/   best and last are links
          metrics.jsonl  loss, accuracy and speed, step by step
          results.csv    one row an epoch
        evaluate: cnn-dist evaluate runs/lenet-1/checkpoints/best
        """)
  }

  @Test func aStoppedRunSaysHowToGoOn() {
    let summary = RunSummary(
      state: .stopped, epoch: 0, epochs: 5, seconds: 9, paths: RunPaths("x"),
      commands: [.init("resume", "cnn-dist train lenet --run x --resume auto")])
    #expect(summary.text.hasPrefix("stopped: 0 of 5 epochs in 9 s\nrun directory x\n"))
    #expect(summary.text.hasSuffix("\nresume: cnn-dist train lenet --run x --resume auto"))
  }
}
