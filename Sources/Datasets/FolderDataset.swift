import Failures
import Files
import Pictures
import Tensors

/// Anybody's pictures: a folder for each class, with PNG files in it.
///
///     DIR/train/cat/1.png          DIR/cat/1.png
///     DIR/train/dog/7.png    or    DIR/cat/2.png
///     DIR/test/cat/3.png           DIR/dog/7.png
///
/// Without `train` and `test`, a part of each class is the test set: the files whose names have the smallest SHA-256, so that the
/// split depends on the names alone. Pictures are square and all of one size; colours become grey.
public struct FolderDataset: ImageSource {
  /// The part that is for testing where nobody says how much.
  public static let usualTestFraction = 0.2
  /// A label is a byte.
  private static let mostClasses = 256
  /// The most pixels of a split, a byte each.
  private static let mostPixels = 1 << 36

  public let directory: String
  /// Nil where the folders are split already.
  public let testFraction: Double?
  public let classNames: [String]

  /// - Parameter testFraction: the part of each class for testing; nil for the usual one.
  /// - Throws: `missingInput` without such a directory, `badData` without two classes, `configuration` where a part is asked for
  ///   of what is split already.
  public init(directory: String, testFraction: Double?) throws(Failure) {
    let isSplit = try Self.isSplit(directory)
    if isSplit, testFraction != nil {
      throw Failure(
        .configuration, "\(directory) has a test folder already", at: "--test-fraction",
        advice: "leave it out")
    }
    self.directory = directory
    self.testFraction = isSplit ? nil : testFraction ?? Self.usualTestFraction
    classNames = try Self.classNames(in: directory)
  }

  /// The folders with pictures, in order of their names.
  ///
  /// - Throws: as ``init(directory:testFraction:)``.
  public static func classNames(in directory: String) throws(Failure) -> [String] {
    let place = try isSplit(directory) ? "\(directory)/train" : directory
    let names = try folders(in: place)
    guard (2...mostClasses).contains(names.count) else {
      throw Failure(
        .badData, "\(names.count) folders, expected one for each class, 2 to \(mostClasses)", at: place)
    }
    for name in names where name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    {
      throw Failure(.badData, "the class \(name.debugDescription) has control characters", at: place)
    }
    return names
  }

  private static func folders(in directory: String) throws(Failure) -> [String] {
    guard Directory.kind(directory) == .directory else {
      throw Failure(.missingInput, "no such directory", at: directory, advice: "check --data")
    }
    return try Directory.names(directory, code: .inputOutput).filter {
      !$0.hasPrefix(".") && Directory.kind("\(directory)/\($0)") == .directory
    }
  }

  private static func isSplit(_ directory: String) throws(Failure) -> Bool {
    let parts = try folders(in: directory).filter { $0 == "train" || $0 == "test" }
    guard parts.count != 1 else {
      let other = parts[0] == "train" ? "test" : "train"
      throw Failure(
        .badData, "a folder \(parts[0]), but none of the name \(other)", at: directory,
        advice: "make both, or put the classes' folders here")
    }
    return parts.count == 2
  }

  /// Reads a split.
  ///
  /// - Throws: `badData` for a file that is damaged or of another size, and for a class without pictures.
  public func load(_ split: Split) throws(Failure) -> ImageSet {
    let place = testFraction == nil ? "\(directory)/\(split)" : directory
    try checkFolders(in: place)
    var files: [(path: String, label: UInt8)] = []
    var (others, total) = (0, 0)
    for (label, name) in classNames.enumerated() {
      let folder = "\(place)/\(name)"
      // A test set need not have every class.
      guard Directory.kind(folder) == .directory else { continue }
      let names = try Directory.names(folder, code: .inputOutput).filter { !$0.hasPrefix(".") }
      let pictures = names.filter { $0.lowercased().hasSuffix(".png") }
      others += names.count - pictures.count
      total += pictures.count
      let chosen = try part(of: pictures, in: name, split)
      files += chosen.map { ("\(folder)/\($0)", UInt8(label)) }
    }
    guard let first = files.first else { throw Failure(.badData, "no PNG file", at: place) }
    let side = try picture(first.path, side: nil).width
    guard files.count <= IDXDataset.mostImages, files.count * side * side <= Self.mostPixels else {
      throw Failure(
        .badData, "\(files.count) pictures of \(side)x\(side) pixels are too many", at: place,
        advice: "make them smaller")
    }
    var storage: [UInt8] = []
    storage.reserveCapacity(files.count * side * side)
    for file in files { storage += try picture(file.path, side: side).pixels }
    return ImageSet(
      name: DatasetChoice.folder.rawValue, split: split,
      shape: Shape(height: side, width: side, channels: 1), storage: storage, labels: files.map(\.label),
      classNames: classNames,
      warnings: others == 0
        ? [] : ["left out what is no PNG: \(others) of \(others + total) files (\(place))"])
  }

  /// Every folder is a class.
  private func checkFolders(in place: String) throws(Failure) {
    for name in try Self.folders(in: place) where !classNames.contains(name) {
      throw Failure(
        .badData, "the folder '\(name)' is no class of the training set", at: place,
        advice: "known: \(classNames.prefix(10).joined(separator: ", "))")
    }
  }

  /// The files of a class that belong to a split, in order of their names.
  private func part(of names: [String], in className: String, _ split: Split) throws(Failure) -> [String] {
    let place = "\(directory)/\(className)"
    guard let testFraction else { return names }
    guard names.count > 1 else {
      throw Failure(
        .badData, "\(names.count) PNG files, expected at least 2: one to train with and one to test",
        at: place)
    }
    let count = Int((Double(names.count) * testFraction).rounded())
    let order = names.sorted { SHA256.hex("\(className)/\($0)") < SHA256.hex("\(className)/\($1)") }
    let test = Set(order.prefix(min(max(count, 1), names.count - 1)))
    return names.filter { test.contains($0) == (split == .test) }
  }

  /// - Parameter side: what it must have, in pixels; nil for the first picture.
  private func picture(_ path: String, side: Int?) throws(Failure) -> GreyPicture {
    let file = try OpenFile.reading(path)
    let size = try file.size()
    guard size <= PNGReader.maximumBytes else {
      throw Failure(.badData, "\(size) bytes are too many for a picture", at: path)
    }
    let picture = try PNGReader.grey(try file.bytes(size), at: path)
    let expected = side ?? picture.width
    guard picture.width == expected, picture.height == expected else {
      throw Failure(
        .badData,
        "\(picture.width)x\(picture.height) pixels, expected \(side.map { "\($0)x\($0) as the first picture" } ?? "a square")",
        at: path, advice: "bring all pictures to one square size")
    }
    return picture
  }
}
