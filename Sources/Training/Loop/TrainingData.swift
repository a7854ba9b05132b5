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
    let source: any ImageSource =
      switch settings.dataset {
      case .fashionMNIST:
        try FashionMNIST.locate(
          data: settings.data, environment: environment,
          verification: settings.verify == .strict ? .strict : .warn)
      case .synthetic: SyntheticGarments()
      }
    let train = try source.load(.train)
    let test = try source.load(.test)
    return TrainingData(
      train: settings.trainLimit.map(train.prefix) ?? train, test: settings.testLimit.map(test.prefix) ?? test
    )
  }

  var warnings: [String] { train.warnings + test.warnings }
  /// Equal wherever equal data was read.
  var digest: String { "\(train.digest) \(test.digest)" }
}
