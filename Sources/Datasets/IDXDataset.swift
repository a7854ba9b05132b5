import Failures
import Files
import Tensors

/// Anybody's images and labels in the files of MNIST: MNIST itself, KMNIST, EMNIST, or one's own.
///
/// A directory holds four files, compressed (`.gz`) or not: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and the same with
/// `t10k` or `test`. A name may stand before them (`emnist-balanced-train-...`), and a point in front of `idx`. Images are square, all
/// of one size.
public struct IDXDataset: ImageSource {
  /// The most images of a split, and the most pixels a side.
  public static let mostImages = 10_000_000
  public static let mostPixels = 4096

  public let directory: String
  /// Labels are below it.
  public let classes: Int

  public init(directory: String, classes: Int) {
    self.directory = directory
    self.classes = classes
  }

  /// Reads a split.
  ///
  /// - Throws: `missingInput` for a file that is not there; `badData` for a damaged one, for images that are not square, for images
  ///   and labels that do not match in number, and for a label of no class.
  public func load(_ split: Split) throws(Failure) -> ImageSet {
    let files = try Files(of: split, in: directory)
    let (height, width) = try IDX.imageSize(of: files.images, atMost: Self.mostPixels)
    guard height == width else {
      throw Failure(
        .badData, "images of \(height)x\(width) pixels at offset 8, expected square ones", at: files.images)
    }
    let images = try IDX(
      reading: files.images, .images(height: height, width: width), atMost: Self.mostImages)
    let labels = try IDX(reading: files.labels, .labels(classes: 256), atMost: Self.mostImages)
    guard images.count == labels.count else {
      throw Failure(
        .badData,
        "count of labels \(labels.count) at offset 4, expected \(images.count) as there are images",
        at: files.labels)
    }
    let first = labels.kind.headerLength
    if let offset = labels.bytes.indices.dropFirst(first).first(where: { labels.bytes[$0] >= classes }) {
      let largest = labels.bytes.dropFirst(first).max() ?? 0
      throw Failure(
        .badData, "label \(labels.bytes[offset]) at offset \(offset), expected 0 to \(classes - 1)",
        at: files.labels, advice: "give --classes \(Int(largest) + 1), if it is right")
    }
    return ImageSet(
      name: DatasetChoice.idx.rawValue, split: split,
      shape: Shape(height: height, width: width, channels: 1), storage: images.bytes,
      firstPixel: images.kind.headerLength, labels: Array(labels.bytes.dropFirst(first)),
      classNames: (0..<min(classes, 256)).map { "\($0)" })
  }

  /// The two files of a split.
  public struct Files: Equatable, Sendable {
    public let images: String
    public let labels: String

    public init(of split: Split, in directory: String) throws(Failure) {
      guard Directory.kind(directory) == .directory else {
        throw Failure(.missingInput, "no such directory", at: directory, advice: "check --data")
      }
      let names = try Directory.names(directory, code: .inputOutput)
      images = try Self.file("images", "idx3", of: split, in: directory, names)
      labels = try Self.file("labels", "idx1", of: split, in: directory, names)
    }

    private static func file(
      _ what: String, _ kind: String, of split: Split, in directory: String, _ names: [String]
    ) throws(Failure) -> String {
      let words = split == .train ? ["train"] : ["t10k", "test"]
      let endings = words.flatMap { word in ["-", "."].map { "\(word)-\(what)\($0)\(kind)-ubyte" } }
      let found = names.filter { name in
        let plain = name.hasSuffix(".gz") ? name.dropLast(3) : name[...]
        return endings.contains { plain == $0 || plain.hasSuffix("-\($0)") }
      }
      guard let first = found.first else {
        throw Failure(
          .missingInput, "\(words[0])-\(what)-\(kind)-ubyte is missing, compressed (.gz) or not",
          at: directory)
      }
      // A file that was inflated beside the compressed one comes first, and is the same.
      if found.count == 1 || found == [first, "\(first).gz"] { return "\(directory)/\(first)" }
      throw Failure(
        .badData, "more than one file is of this kind: \(found.joined(separator: ", "))", at: directory,
        advice: "give each data set a directory of its own")
    }
  }
}
