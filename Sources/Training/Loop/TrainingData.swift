import Datasets
import Failures

/// The two sets of a run, cut to their limits.
public struct TrainingData: Sendable {
  public let train: ImageSet
  public let test: ImageSet

  /// Reads the data set that the settings name, and proves it.
  public static func load(
    _ settings: TrainingSettings, environment: [String: String]
  ) throws(Failure) -> TrainingData {
    let source = try source(settings, environment)
    let train = try source.load(.train)
    let test = try test(from: source, settings)
    guard train.shape == test.shape else {
      throw Failure(
        .badData, "test images of \(test.shape), expected \(train.shape) as for training",
        at: settings.data ?? "")
    }
    return TrainingData(train: settings.trainLimit.map(train.prefix) ?? train, test: test)
  }

  /// Reads the test set alone.
  public static func loadTest(
    _ settings: TrainingSettings, environment: [String: String]
  ) throws(Failure) -> ImageSet {
    try test(from: try source(settings, environment), settings)
  }

  private static func source(
    _ settings: TrainingSettings, _ environment: [String: String]
  ) throws(Failure) -> any ImageSource {
    try DatasetLocation(
      settings.dataset, data: settings.data, classes: settings.classes, testFraction: settings.testFraction,
      verification: settings.verify, trainCount: settings.trainLimit, testCount: settings.testLimit
    ).source(environment: environment)
  }

  private static func test(
    from source: any ImageSource, _ settings: TrainingSettings
  ) throws(Failure) -> ImageSet {
    let test = try source.load(.test)
    guard settings.classes >= test.classNames.count else {
      throw Failure(
        .configuration, "\(settings.classes) classes are too few for \(test.name)", at: "--classes",
        advice: "give at least \(test.classNames.count)")
    }
    return settings.testLimit.map(test.prefix) ?? test
  }

  /// What both say is said once.
  var warnings: [String] { train.warnings + test.warnings.filter { !train.warnings.contains($0) } }
  /// Equal wherever equal data was read.
  var digest: String { "\(train.digest) \(test.digest)" }
}
