import Foundation
import Telemetry

/// A run directory with numbers that a test knows: two epochs of four steps, three classes.
final class RunFixture {
  let path: String

  init(
    named name: String = "run", settings: String = "model: lenet\nrecipe: default\nlr: 0.001\n",
    state: RunStatus.State = .completed, message: String = "",
    losses: [Float] = [2, 1.5, 1.25, 1, 0.75, 0.5, 0.375, 0.25],
    classes: [String] = ["shirt", "coat", "bag"], command: [String] = ["/bin/cnn-dist", "train", "lenet"]
  ) throws {
    path = NSTemporaryDirectory() + "reports-\(UUID().uuidString)/" + name
    let paths = RunPaths(path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try settings.write(toFile: paths.configuration, atomically: true, encoding: .utf8)
    try StatusFile(paths.status).write(
      RunStatus(
        state: state, step: losses.count, epoch: 2, steps: 8, stepsPerEpoch: 4, bestAccuracy: 0.75,
        message: message))
    let metrics = try MetricsWriter(paths.metrics, resumingAt: 0)
    let results = try ResultsWriter(paths.results, resumingAt: 0)
    for (index, loss) in losses.enumerated() {
      let (step, epoch) = (index + 1, index / 4 + 1)
      try metrics.append(
        MetricsRecord(
          time: 1000, step: step, epoch: epoch, split: .train, loss: loss, accuracy: 0.5, learningRate: 0.001,
          gradientNorm: 1, imagesPerSecond: 100,
          phases: .init(data: 0.25, compute: 1, exposedCommunication: 0.5, wait: 0.125)))
      guard step % 4 == 0 else { continue }
      try metrics.append(
        MetricsRecord(
          time: 1000, step: step, epoch: epoch, split: .test, loss: 0.9, accuracy: epoch == 1 ? 0.75 : 0.5,
          imagesPerSecond: 50))
      try results.append(
        EpochResult(
          epoch: epoch, loss: loss, trainAccuracy: 0.5, testAccuracy: epoch == 1 ? 0.75 : 0.5, seconds: 8,
          imagesPerSecond: 100, learningRate: 0.001))
    }
    try EnvironmentRecord(
      version: "1.2.3", command: command, directory: "/home/me/my runs", started: "2026-01-01T00:00:00.000Z",
      ranks: 2, hosts: ["a", "b"],
      threadsPerRank: 1, instructionSet: "x86-64-v4", blas: "none", mpi: "Open MPI v4", variables: [:]
    ).write(to: paths.environment)
    var confusion = ConfusionMatrix(classes: classes)
    for (label, answer) in [(0, 0), (0, 1), (1, 1), (2, 2)] { confusion.add(label: label, answer: answer) }
    try EvaluationRecord(
      model: "lenet", dataset: "fashion-mnist", step: 8, epoch: 2, loss: 0.9, confusion: confusion,
      mistakes: [
        .init(index: 4711, label: 0, answer: 1, probability: 0.875, loss: 3, picture: "iVBORw0KGgo=")
      ],
      filters: ["iVBORw0KGgo="]
    ).write(to: paths.evaluation)
    try RankRecord.write(
      [
        RankRecord(host: "a", seconds: 10, data: 1, exposed: 2),
        RankRecord(host: "b", seconds: 10, data: 1, exposed: 4),
      ], to: paths.ranks)
  }

  deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
}
