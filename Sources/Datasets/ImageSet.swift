import Failures
import Files
import Tensors

/// The two parts of a data set.
public enum Split: String, CaseIterable, Codable, Sendable {
  case train
  case test
}

/// Where image sets come from: files, or drawings.
public protocol ImageSource: Sendable {
  /// Reads or makes a whole split.
  func load(_ split: Split) throws(Failure) -> ImageSet
}

/// Labelled grey images of one size, held in memory as bytes, of this process or shared with others. Never changes once made.
public final class ImageSet: Sendable {
  /// The data set's name, for example `fashion-mnist`.
  public let name: String
  public let split: Split
  /// Of one image, with one channel.
  public let shape: Shape
  /// The class of each image, an index into ``classNames``.
  public let labels: [UInt8]
  public let classNames: [String]
  /// What a user should hear about this set; empty for data that is known to be right.
  public let warnings: [String]
  /// SHA-256 of name, shape, pixels and labels in hexadecimal: equal wherever equal data was read.
  public let digest: String

  /// Pixels, image by image, behind a file's header.
  private let storage: PixelStorage
  private let firstPixel: Int

  /// - Parameters:
  ///   - storage: bytes that hold the images in order, row by row, 0 for the background and 255 for the brightest.
  ///   - firstPixel: where in `storage` the first image begins.
  public init(
    name: String, split: Split, shape: Shape, storage: [UInt8], firstPixel: Int = 0, labels: [UInt8],
    classNames: [String], warnings: [String] = []
  ) {
    precondition(shape.channels == 1, "an image set is grey")
    precondition(storage.count - firstPixel >= labels.count * shape.count, "every label has an image")
    precondition(labels.allSatisfy { Int($0) < classNames.count }, "every label has a name")
    self.name = name
    self.split = split
    self.shape = shape
    self.storage = .array(storage)
    self.firstPixel = firstPixel
    self.labels = labels
    self.classNames = classNames
    self.warnings = warnings
    let end = firstPixel + labels.count * shape.count
    let pixelDigest = storage.withUnsafeBytes {
      SHA256.hex(UnsafeRawBufferPointer(rebasing: $0[firstPixel..<end]))
    }
    digest = Self.digest(name, split, shape, labels, pixelDigest)
  }

  /// A set whose pixels lie in memory that is not to be copied, with what is known of it.
  init(
    _ facts: ImageSetFacts, labels: [UInt8], storage: PixelStorage, firstPixel: Int, digest: String
  ) {
    name = facts.name
    split = facts.split
    shape = facts.shape
    classNames = facts.classNames
    warnings = facts.warnings
    self.labels = labels
    self.storage = storage
    self.firstPixel = firstPixel
    self.digest = digest
  }

  private static func digest(
    _ name: String, _ split: Split, _ shape: Shape, _ labels: [UInt8], _ pixelDigest: String
  ) -> String {
    SHA256.hex("\(name) \(split) \(shape) \(labels.count) \(pixelDigest) \(SHA256.hex(labels))")
  }

  /// All but pixels and labels.
  var facts: ImageSetFacts {
    ImageSetFacts(name: name, split: split, shape: shape, classNames: classNames, warnings: warnings)
  }

  /// Images in the set.
  public var count: Int { labels.count }

  /// The first `count` images, or all where there are fewer. The pixels are shared, not copied.
  public func prefix(_ count: Int) -> ImageSet {
    precondition(count >= 0, "no set has fewer than no images")
    if count >= self.count { return self }
    let labels = Array(labels.prefix(count))
    let pixelDigest = withPixels {
      SHA256.hex(UnsafeRawBufferPointer(start: $0, count: count * shape.count))
    }
    return ImageSet(
      facts, labels: labels, storage: storage, firstPixel: firstPixel,
      digest: Self.digest(name, split, shape, labels, pixelDigest))
  }

  /// The pixels of one image, row by row. Shares the set's memory where that is an array.
  public func pixels(of index: Int) -> ArraySlice<UInt8> {
    precondition(index >= 0 && index < count, "the set has images 0 to \(count - 1)")
    let first = firstPixel + index * shape.count
    return storage[first..<first + shape.count]
  }

  /// Lends the address of the first image; image i begins i x `shape.count` bytes behind it.
  public func withPixels<Result>(_ body: (UnsafePointer<UInt8>) throws -> Result) rethrows -> Result {
    try storage.withBytes { try body($0.baseAddress! + firstPixel) }
  }
}

/// What there is to know of an image set besides pixels and labels.
struct ImageSetFacts: Codable, Sendable {
  let name: String
  let split: Split
  let shape: Shape
  let classNames: [String]
  let warnings: [String]
}

/// Where the bytes of images are.
enum PixelStorage: Sendable {
  case array([UInt8])
  /// Read-only memory that several processes have.
  case shared(SharedSegment)

  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    switch self {
    case .array(let bytes): try bytes.withUnsafeBufferPointer(body)
    case .shared(let segment): try body(segment.bytes.assumingMemoryBound(to: UInt8.self))
    }
  }

  subscript(range: Range<Int>) -> ArraySlice<UInt8> {
    switch self {
    case .array(let bytes): bytes[range]
    case .shared: withBytes { ArraySlice($0[range]) }
    }
  }
}
