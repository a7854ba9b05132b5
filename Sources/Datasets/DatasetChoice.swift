import Failures

/// The data sets that there are, by the names that users give them.
public enum DatasetChoice: String, CaseIterable, Sendable {
  case fashionMNIST = "fashion-mnist"
  case synthetic
  /// Anybody's files in MNIST's format.
  case idx
  /// Anybody's folders of PNG files.
  case folder

  /// Whether only the user knows where it is.
  public var needsDirectory: Bool { self == .idx || self == .folder }
}

/// Which data set, and where.
public struct DatasetLocation: Sendable {
  public var choice: DatasetChoice
  /// The directory that the user named.
  public var data: String?
  /// How many classes the labels of IDX files may tell apart.
  public var classes: Int
  /// The part of a folder's pictures that is the test set; nil where nobody said.
  public var testFraction: Double?
  public var verification: FashionMNIST.Verification
  /// How many drawings are wanted; nil for all.
  public var trainCount: Int?
  public var testCount: Int?

  public init(
    _ choice: DatasetChoice, data: String? = nil, classes: Int = 10, testFraction: Double? = nil,
    verification: FashionMNIST.Verification = .warn, trainCount: Int? = nil, testCount: Int? = nil
  ) {
    self.choice = choice
    self.data = data
    self.classes = classes
    self.testFraction = testFraction
    self.verification = verification
    self.trainCount = trainCount
    self.testCount = testCount
  }

  /// What reads, or draws, the data set.
  ///
  /// - Throws: `missingInput` where it is nowhere, `configuration` where nobody said where it is.
  public func source(environment: [String: String]) throws(Failure) -> any ImageSource {
    switch choice {
    case .fashionMNIST:
      return try FashionMNIST.locate(data: data, environment: environment, verification: verification)
    case .synthetic:
      // Drawings take a second for all; any count is a prefix of any larger one, so no more are made than wanted.
      let all = SyntheticGarments()
      return SyntheticGarments(
        trainCount: min(trainCount ?? all.trainCount, all.trainCount),
        testCount: min(testCount ?? all.testCount, all.testCount))
    case .idx:
      return IDXDataset(directory: try directory(), classes: classes)
    case .folder:
      return try FolderDataset(directory: try directory(), testFraction: testFraction)
    }
  }

  private func directory() throws(Failure) -> String {
    guard let data else {
      throw Failure(
        .configuration, "nobody said where the data set '\(choice.rawValue)' is", at: "--data",
        advice: "name its directory")
    }
    return data
  }
}
