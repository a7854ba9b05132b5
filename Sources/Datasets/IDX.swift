import Failures
import Files

/// A file of the IDX format: a header of big-endian words, then unsigned bytes.
///
///     offset 0   00 00, 08 for unsigned bytes, and the number of dimensions: 3 for images, 1 for labels
///     offset 4   items
///     offset 8   rows and columns, for images
///
/// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
public struct IDX: Sendable {
  /// What a file must hold.
  public enum Kind: Sendable {
    case images(height: Int, width: Int)
    case labels(classes: Int)

    /// Bytes before the first item.
    public var headerLength: Int {
      switch self {
      case .images: 16
      case .labels: 8
      }
    }

    /// Bytes of one item.
    public var itemLength: Int {
      switch self {
      case .images(let height, let width): height * width
      case .labels: 1
      }
    }

    var noun: String {
      switch self {
      case .images: "images"
      case .labels: "labels"
      }
    }
  }

  public let path: String
  public let kind: Kind
  /// Items in the file.
  public let count: Int
  /// The whole inflated file, header and items.
  public let bytes: [UInt8]

  /// Reads a file, inflating it if its name ends in `.gz`, and checks everything that can be checked.
  ///
  /// The header comes first, so that a file never takes more memory than the items it may hold.
  /// - Parameter limit: the most items it may hold.
  /// - Throws: `badData` with the file, the offset (in the inflated data) and the value that is wrong.
  public init(reading path: String, _ kind: Kind, atMost limit: Int) throws(Failure) {
    let compressed = path.hasSuffix(".gz")
    let header = try Self.prefix(path, kind)
    let count = try Self.parse(header, kind, atMost: limit, path)
    let size = kind.headerLength + count * kind.itemLength
    try Self.checkClaim(size, path, compressed: compressed)
    do throws(Failure) {
      bytes = try compressed ? Gzip.inflate(path, expecting: size) : Self.plain(path, expecting: size)
    } catch {
      // The length that was expected came from the header; say so, for the header may be what is wrong.
      throw Failure(
        error.code, error.what, at: "\(path), \(count) \(kind.noun) at offset 4", advice: error.advice)
    }
    self.path = path
    self.kind = kind
    self.count = count
    if case .labels(let classes) = kind { try checkLabels(below: classes) }
  }

  /// Rows and columns of a file of images, as its header says, where that is right otherwise.
  ///
  /// - Throws: as ``init(reading:_:atMost:)``.
  public static func imageSize(
    of path: String, atMost limit: Int
  ) throws(Failure) -> (height: Int, width: Int) {
    let header = try prefix(path, .images(height: 0, width: 0))
    let sizes = [8, 12].map { offset in header.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | Int($1) } }
    _ = try parse(header, .images(height: sizes[0], width: sizes[1]), atMost: .max, path)
    for (index, what) in ["rows", "columns"].enumerated() where !(1...limit).contains(sizes[index]) {
      throw Failure(
        .badData, "\(what) \(sizes[index]) at offset \(8 + 4 * index), expected 1 to \(limit)", at: path)
    }
    return (sizes[0], sizes[1])
  }

  /// Deflate makes of a byte no more than this.
  private static let mostInflation = 1032

  /// Refuses a header that claims more than the compressed bytes can hold, before memory is taken for it.
  private static func checkClaim(_ size: Int, _ path: String, compressed: Bool) throws(Failure) {
    guard compressed else { return }
    let bytes = try SourceFile(path).size
    guard size <= (bytes + 1) * mostInflation else {
      throw Failure(
        .badData, "the header claims \(size) bytes, more than \(bytes) compressed ones can hold", at: path)
    }
  }

  /// Checks a header and returns the number of items.
  static func parse(_ header: [UInt8], _ kind: Kind, atMost limit: Int, _ path: String) throws(Failure) -> Int
  {
    func expect(_ what: String, _ offset: Int, _ found: Int, _ expected: Int) throws(Failure) {
      if found == expected { return }
      throw Failure(.badData, "\(what) \(found) at offset \(offset), expected \(expected)", at: path)
    }
    func word(_ offset: Int) -> Int { header[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }

    guard header.count == kind.headerLength else {
      throw Failure(
        .badData, "truncated: \(header.count) bytes, the header alone has \(kind.headerLength)", at: path)
    }
    guard header[0] == 0 && header[1] == 0 else {
      throw Failure(
        .badData, "not an IDX file: magic number \(word(0)) at offset 0, its upper half must be 0", at: path)
    }
    try expect("element type", 2, Int(header[2]), 8)
    switch kind {
    case .images(let height, let width):
      try expect("number of dimensions", 3, Int(header[3]), 3)
      try expect("rows", 8, word(8), height)
      try expect("columns", 12, word(12), width)
    case .labels:
      try expect("number of dimensions", 3, Int(header[3]), 1)
    }
    let count = word(4)
    guard count >= 1 && count <= limit else {
      throw Failure(.badData, "count of \(kind.noun) \(count) at offset 4, expected 1 to \(limit)", at: path)
    }
    return count
  }

  private func checkLabels(below classes: Int) throws(Failure) {
    guard let offset = bytes.indices.dropFirst(kind.headerLength).first(where: { bytes[$0] >= classes })
    else {
      return
    }
    throw Failure(
      .badData, "label \(bytes[offset]) at offset \(offset), expected 0 to \(classes - 1)", at: path)
  }

  private static func prefix(_ path: String, _ kind: Kind) throws(Failure) -> [UInt8] {
    path.hasSuffix(".gz")
      ? try Gzip.prefix(path, count: kind.headerLength)
      : try read(SourceFile(path), count: kind.headerLength)
  }

  private static func plain(_ path: String, expecting size: Int) throws(Failure) -> [UInt8] {
    let file = try SourceFile(path)
    guard file.size == size else {
      let what = file.size < size ? "truncated" : "trailing bytes"
      throw Failure(.badData, "\(what): \(file.size) bytes, expected \(size)", at: path)
    }
    let bytes = try read(file, count: size)
    guard bytes.count == size else { throw Failure(.badData, "became shorter while it was read", at: path) }
    return bytes
  }

  private static func read(_ file: SourceFile, count: Int) throws(Failure) -> [UInt8] {
    var outcome: Result<Void, Failure> = .success(())
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(Failure) {
        filled = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch { outcome = .failure(error) }
    }
    try outcome.get()
    return bytes
  }
}
