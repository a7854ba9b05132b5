import Failures
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Fashion-MNIST: 70,000 grey photographs, 28 x 28, of ten kinds of garment.
///
/// Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
/// algorithms", 2017, arXiv:1708.07747.
public struct FashionMNIST: ImageSource {
  /// What happens to a valid file that is not the published one.
  public enum Verification: String, CaseIterable, Sendable {
    /// It is used, and the set carries a warning.
    case warn
    /// It is refused.
    case strict
  }

  public static let shape = Shape(height: 28, width: 28, channels: 1)
  public static let classNames = [
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
  ]
  /// Where the files are looked for when nobody says where they are; the last is where Debian puts them.
  public static let standardDirectories = ["data/fashion-mnist", "/usr/share/datasets/fashion-mnist"]
  static let sources = "`apt-get install dataset-fashion-mnist` or `cnn-dist data fetch`"

  public let directory: String
  public let verification: Verification

  public init(directory: String, verification: Verification = .warn) {
    self.directory = directory
    self.verification = verification
  }

  /// The directories that are searched: the named one, or that of `CNN_DIST_DATA`, or else the standard ones.
  ///
  /// A directory that somebody names is never passed over for another, which might hold other data.
  public static func searchPath(data: String?, environment: [String: String]) -> [String] {
    if let data { return [data] }
    if let named = environment["CNN_DIST_DATA"], !named.isEmpty { return [named] }
    return standardDirectories
  }

  /// The first directory of the search path that holds all four files.
  ///
  /// - Parameter data: the directory that the user named, if any.
  /// - Throws: `missingInput` with the paths searched and both ways to get the data.
  public static func locate(
    data: String?, environment: [String: String], verification: Verification = .warn
  ) throws(Failure) -> FashionMNIST {
    try locate(in: searchPath(data: data, environment: environment), verification: verification)
  }

  /// The first of `directories` that holds all four files.
  ///
  /// - Throws: as ``locate(data:environment:verification:)``.
  public static func locate(
    in directories: [String], verification: Verification = .warn
  ) throws(Failure) -> FashionMNIST {
    var searched: [String] = []
    for directory in directories {
      let missing = FashionMNISTFile.all.filter { $0.path(in: directory) == nil }
      if missing.isEmpty { return FashionMNIST(directory: directory, verification: verification) }
      let partial = missing.count < FashionMNISTFile.all.count
      searched.append(partial ? "\(directory), which lacks \(missing[0].name).gz" : directory)
    }
    throw Failure(
      .missingInput, "Fashion-MNIST was not found", at: "searched: \(searched.joined(separator: ", "))",
      advice: "get it with \(sources)")
  }

  /// Reads images and labels of a split, compressed or not.
  ///
  /// - Throws: `badData` for a damaged file, for images and labels that do not match in number and, where verification
  ///   is strict, for content that was not published; `missingInput` for a missing file.
  public func load(_ split: Split) throws(Failure) -> ImageSet {
    let images = try read(.of(split, images: true))
    let labels = try read(.of(split, images: false))
    guard images.idx.count == labels.idx.count else {
      throw Failure(
        .badData,
        "count of labels \(labels.idx.count) at offset 4, expected \(images.idx.count) as there are images",
        at: labels.idx.path, advice: "replace both files: \(Self.sources)")
    }
    var warnings: [String] = []
    for content in [images, labels] where !content.isKnown {
      let what = "valid, but not the published Fashion-MNIST: SHA-256 \(content.sha256)"
      if verification == .strict { throw Failure(.badData, what, at: content.idx.path) }
      warnings.append("\(what) (\(content.idx.path))")
    }
    return ImageSet(
      name: "fashion-mnist", split: split, shape: Self.shape, storage: images.idx.bytes,
      firstPixel: images.idx.kind.headerLength,
      labels: Array(labels.idx.bytes.dropFirst(labels.idx.kind.headerLength)), classNames: Self.classNames,
      warnings: warnings)
  }

  private func read(_ file: FashionMNISTFile) throws(Failure) -> FashionMNISTFile.Content {
    guard let path = file.path(in: directory) else {
      throw Failure(
        .missingInput, "\(file.name).gz is missing", at: directory, advice: "get it with \(Self.sources)")
    }
    return try file.read(path)
  }
}

/// Whether anything is at `path`.
func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }
