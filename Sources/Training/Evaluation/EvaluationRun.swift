import Collectives
import Datasets
import Failures
import Files
import Layers
import Telemetry
import Threads

/// Scores a checkpoint on the test set, on every rank of the job, and writes the logits where asked.
public struct EvaluationRun: Sendable {
  private let settings: TrainingSettings
  private let checkpoint: String
  private let logits: String?
  private let environment: [String: String]
  private let console: Console
  private let data: Once<ImageSet>

  /// What came out, for the coordinator to show.
  public struct Result: Sendable {
    public let model: String
    public let dataset: String
    /// Mean over the samples; nil where it is not finite.
    public let loss: Double?
    public let confusion: ConfusionMatrix
    public let seconds: Double
  }

  /// - Parameters:
  ///   - settings: model, data set, image size, classes, limits and batch size count.
  ///   - checkpoint: a run's directory, a checkpoint, or a file of weights.
  ///   - logits: where to write the logits of every sample as CSV; nil for nowhere.
  public init(
    _ settings: TrainingSettings, checkpoint: String, logits: String?, environment: [String: String],
    console: Console
  ) {
    self.settings = settings
    self.checkpoint = checkpoint
    self.logits = logits
    self.environment = environment
    self.console = console
    data = Once { () throws(Failure) in try TrainingData.loadTest(settings, environment: environment) }
  }

  /// Evaluates on one rank; a call for all ranks of the job together.
  ///
  /// - Parameter show: is told the result, on the coordinator's rank alone.
  public func run(on rank: Rank, show: (Result) throws -> Void) throws {
    let graph = try rank.together { () throws(Failure) in try Replica.graph(settings) }
    let test = try rank.together { () throws(Failure) in try data.value() }
    if rank.isCoordinator { for warning in test.warnings { console.warning(warning) } }
    try rank.together { () throws(Failure) in
      try rank.communication.compareDigests([
        (name: "model", digest: settings.model), (name: "--image-size", digest: "\(graph.input.shape)"),
        (name: "--batch-size", digest: "\(settings.batchSize)"),
        (name: "--logits", digest: logits ?? "unset"),
        (name: "data", digest: test.digest),
      ])
    }
    let inference = try Inference(
      graph, checkpoint: checkpoint, samples: test.count, batchSize: settings.batchSize, rank: rank)
    try rank.together { () throws(Failure) in
      guard settings.dataset == .folder, let names = inference.state?.classNames, names != test.classNames
      else { return }
      throw Failure(
        .configuration, "the folders are not the classes that the checkpoint was trained with",
        at: settings.data ?? "", advice: "give the data set those folders, empty ones too",
        details: ["was  \(names.joined(separator: ", "))", "is   \(test.classNames.joined(separator: ", "))"])
    }
    let started = monotonicSeconds()
    let classes = inference.network.output.count
    var rows = [Float](repeating: 0, count: logits == nil ? 0 : test.count * classes)
    let outcomes = try inference.answers(to: test, logits: &rows)
    let seconds = monotonicSeconds() - started
    if let logits {
      // Every row belongs to one rank and is zero on the others.
      try rank.communication.addUp(&rows)
      try rank.together { () throws(Failure) in
        guard rank.isCoordinator else { return }
        try AtomicFile.write(
          Self.table(rows, classes: classes, labels: test.labels), to: logits, code: .cannotWrite)
      }
    }
    guard rank.isCoordinator else { return }
    try show(
      Result(
        model: settings.model, dataset: test.name, loss: outcomes.loss,
        confusion: outcomes.confusion(in: test),
        seconds: seconds))
  }

  /// The logits as CSV, one row a sample in the order of the test set; nine digits carry a float exactly.
  private static func table(_ rows: [Float], classes: Int, labels: [UInt8]) -> String {
    var text = "index,label," + (0..<classes).map { "logit\($0)" }.joined(separator: ",") + "\n"
    for (index, label) in labels.enumerated() {
      let values = rows[index * classes..<(index + 1) * classes].map { "\($0)" }
      text += "\(index),\(label),\(values.joined(separator: ","))\n"
    }
    return text
  }
}

extension CommunicationThread {
  fileprivate func addUp(_ values: inout [Float]) throws(Failure) {
    var failure: Failure?
    values.withUnsafeMutableBufferPointer { values in
      do throws(Failure) { try allReduce(values, .sum) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
