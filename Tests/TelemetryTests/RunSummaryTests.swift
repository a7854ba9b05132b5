import Telemetry
import Testing

@Suite struct RunSummaryTests {
  @Test func saysWhereEverythingIs() {
    let summary = RunSummary(
      state: .completed, step: 1175, steps: 1175, epochs: 5, seconds: 155, bestEpoch: 4, bestAccuracy: 0.756,
      saving: .init(checkpoints: 5, bytes: 530_000, seconds: 0.12, copySeconds: 0.0007, stallSeconds: 0),
      paths: RunPaths("runs/lenet-1"), hasEvents: true,
      commands: [.init("evaluate", "cnn-dist evaluate runs/lenet-1/checkpoints/best")])
    #expect(
      summary.text == """
        completed: 1175 of 1175 steps, 5 epochs, in 3 min
        best epoch 4, test acc 0.756
        saved 5 checkpoints of 530.0 kB in 0.1 s beside training,
          which waited 0.001 s for copies and 0.000 s for the disk
        run directory runs/lenet-1
          checkpoints/   best and last are links
          metrics.jsonl  loss, accuracy and speed, step by step
          results.csv    one row an epoch
          tensorboard/   curves and mistakes: tensorboard --logdir runs/lenet-1
          report.html    curves, mistakes, times: open it in a browser
        evaluate: cnn-dist evaluate runs/lenet-1/checkpoints/best
        """)
  }

  @Test func aStoppedRunSaysHowToGoOn() {
    let summary = RunSummary(
      state: .stopped, step: 20, steps: 1175, epochs: 0, seconds: 9, paths: RunPaths("x"),
      commands: [.init("resume", "cnn-dist train lenet --run x --resume auto")])
    #expect(summary.text.hasPrefix("stopped: 20 of 1175 steps, in 9 s\nrun directory x\n"))
    #expect(summary.text.hasSuffix("\nresume: cnn-dist train lenet --run x --resume auto"))
  }
}
