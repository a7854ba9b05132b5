import Telemetry

/// Loss, accuracy, learning rate and speed over the training of one run, or of several laid over each other.
struct Curves {
  let runs: [RunRecords]

  var section: HTML {
    """
    <section><h2>Curves</h2><div class="charts">
    \(loss.figure)\(accuracy.figure)\(rate.figure)\(speed.figure)</div></section>

    """
  }

  /// Runs are compared epoch by epoch where all say how long one is.
  private var unit: String { runs.allSatisfy { $0.stepsPerEpoch != nil } ? "epoch" : "step" }

  private func points(
    _ run: RunRecords, _ split: MetricsRecord.Split, _ value: (MetricsRecord) -> Float?
  ) -> [Chart.Point] {
    run.metrics.filter { $0.split == split }.map { record in
      Chart.Point(
        x: unit == "epoch" ? run.position(record.step) : Double(record.step),
        y: value(record).map { Double($0) } ?? .nan)
    }
  }

  /// A curve for each run; of one run alone, test has a colour of its own.
  private func series(
    _ split: MetricsRecord.Split, _ style: Chart.Series.Style, named name: String,
    _ value: (MetricsRecord) -> Float?
  ) -> [Chart.Series] {
    runs.enumerated().map { index, run in
      Chart.Series(
        name: runs.count == 1 ? name : "\(run.name) \(name)",
        color: runs.count == 1 ? (split == .test ? 1 : 0) : index, style: style,
        points: points(run, split, value))
    }
  }

  private var loss: Chart {
    Chart(
      title: "Loss", unit: unit,
      series: series(.train, .line, named: "train") { $0.loss }
        + series(.test, .dots, named: "test") { $0.loss })
  }

  private var accuracy: Chart {
    Chart(
      title: "Accuracy", unit: unit,
      series: series(.train, .line, named: "train") { $0.accuracy }
        + series(.test, .dots, named: "test") { $0.accuracy }, ceiling: 1)
  }

  private var rate: Chart {
    Chart(
      title: "Learning rate", unit: unit,
      series: series(.train, .line, named: "learning rate") { $0.learningRate }, startsAtZero: true)
  }

  private var speed: Chart {
    Chart(
      title: "Images a second", unit: unit,
      series: series(.train, .line, named: "images/s") { $0.imagesPerSecond }, startsAtZero: true)
  }
}
