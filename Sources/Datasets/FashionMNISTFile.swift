import Failures
import Files

/// One of Fashion-MNIST's four files, as the authors published it.
public struct FashionMNISTFile: Equatable, Sendable {
  public let split: Split
  public let isImages: Bool
  /// Its name when inflated; compressed, `.gz` follows.
  public let name: String
  public let items: Int
  /// Length when inflated.
  public let bytes: Int
  /// SHA-256 of the inflated content, which no gzip header can change.
  public let sha256: String

  /// Images and labels of both splits.
  public static let all = [
    FashionMNISTFile(
      split: .train, isImages: true, name: "train-images-idx3-ubyte", items: 60_000, bytes: 47_040_016,
      sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    FashionMNISTFile(
      split: .train, isImages: false, name: "train-labels-idx1-ubyte", items: 60_000, bytes: 60_008,
      sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    FashionMNISTFile(
      split: .test, isImages: true, name: "t10k-images-idx3-ubyte", items: 10_000, bytes: 7_840_016,
      sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    FashionMNISTFile(
      split: .test, isImages: false, name: "t10k-labels-idx1-ubyte", items: 10_000, bytes: 10_008,
      sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
  ]

  static func of(_ split: Split, images: Bool) -> FashionMNISTFile {
    let index = (split == .train ? 0 : 2) + (images ? 0 : 1)
    return all[index]
  }

  public var kind: IDX.Kind {
    isImages
      ? .images(height: FashionMNIST.shape.height, width: FashionMNIST.shape.width)
      : .labels(classes: FashionMNIST.classNames.count)
  }

  /// Where the file is in a directory, inflated or compressed; nil if neither is there.
  public func path(in directory: String) -> String? {
    ["", ".gz"].map { "\(directory)/\(name)\($0)" }.first { fileExists($0) }
  }

  /// A file that was read, and what its checksum says about it.
  public struct Content: Sendable {
    public let idx: IDX
    /// Of the inflated file, in hexadecimal.
    public let sha256: String
    /// Whether it is the published file, byte for byte.
    public let isKnown: Bool
  }

  /// Reads the file at `path` and compares its checksum with the published one.
  ///
  /// A subset of the items is valid, though its content is unknown.
  /// - Throws: as ``IDX/init(reading:_:atMost:)``, with advice on how to replace the file.
  public func read(_ path: String) throws(Failure) -> Content {
    do throws(Failure) {
      let idx = try IDX(reading: path, kind, atMost: items)
      let found = SHA256.hex(idx.bytes)
      return Content(idx: idx, sha256: found, isKnown: found == sha256)
    } catch {
      throw Failure(
        error.code, error.what, at: error.location, advice: "replace the file: \(FashionMNIST.sources)")
    }
  }
}
