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
    return TrainingData(
      train: settings.trainLimit.map(train.prefix) ?? train, test: try test(from: source, settings))
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
    switch settings.dataset {
    case .fashionMNIST:
      try FashionMNIST.locate(data: settings.data, environment: environment, verification: settings.verify)
    case .synthetic: synthetic(settings)
    }
  }

  /// Drawings take a second for all; any count is a prefix of any larger one, so no more are made than wanted.
  private static func synthetic(_ settings: TrainingSettings) -> SyntheticGarments {
    let all = SyntheticGarments()
    return SyntheticGarments(
      trainCount: min(settings.trainLimit ?? all.trainCount, all.trainCount),
      testCount: min(settings.testLimit ?? all.testCount, all.testCount))
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

  var warnings: [String] { train.warnings + test.warnings }
  /// Equal wherever equal data was read.
  var digest: String { "\(train.digest) \(test.digest)" }
}
