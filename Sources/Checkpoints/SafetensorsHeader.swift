import Failures
import Files

/// The table of contents of a safetensors file, proven: tensors cover the data without holes or overlaps, to
/// the byte.
///
/// Format: https://huggingface.co/docs/safetensors (a length of 64 bits, JSON, the tensors' bytes).
public struct SafetensorsHeader: Sendable {
  /// One tensor of the file.
  public struct Tensor: Equatable, Sendable {
    public let name: String
    public let type: ElementType
    public let shape: [Int]
    /// Where its bytes lie, counted from the end of the header.
    public let bytes: Range<Int>

    public var count: Int { bytes.count / type.size }
  }

  /// The longest header that the format allows, in bytes.
  public static let maximumLength = 100_000_000

  /// The tensors in the order of their bytes.
  public let tensors: [Tensor]
  /// Where the data starts in the file.
  public var dataStart: Int { 8 + text.count }

  private let text: [UInt8]
  private let index: [String: Int]
  private let metadataRanges: [String: Range<Int>]

  /// Reads and proves a header.
  ///
  /// - Parameters:
  ///   - text: the JSON with its padding.
  ///   - fileBytes: the size of the whole file.
  ///   - path: the file, for messages.
  /// - Throws: `badData`, with a message of its own for each thing that can be wrong.
  public init(text: [UInt8], fileBytes: Int, path: String) throws(Failure) {
    let dataBytes = fileBytes - 8 - text.count
    let parsed = text.withUnsafeBufferPointer { bytes in
      Result { () throws(Failure) in
        var parser = HeaderParser(dataBytes: dataBytes)
        try parser.parse(bytes, path: path)
        return parser
      }
    }
    let contents = try parsed.get()
    self.text = text
    metadataRanges = contents.metadata
    tensors = contents.tensors.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    index = Dictionary(uniqueKeysWithValues: zip(tensors.map(\.name), tensors.indices))
    try checkCoverage(fileBytes: fileBytes, path: path)
    try checkOwnChecksums(path: path)
  }

  /// The tensor of that name.
  public subscript(name: String) -> Tensor? { index[name].map { tensors[$0] } }

  /// A value of `__metadata__`.
  public func metadata(_ key: String) -> String? {
    metadataRanges[key].map { range in
      text.withUnsafeBufferPointer { HeaderScanner($0, path: "").decode(range) }
    }
  }

  /// The recorded CRC-32 of a tensor's bytes as eight hexadecimal digits; nil where the file has none.
  public func checksum(of tensor: Tensor) -> String? {
    metadata(SafetensorsMetadata.tensorChecksumPrefix + tensor.name)
  }

  /// The CRC-32 of the header, which holds those of all tensors; nil in a file that this program did not write.
  var checksum: String? { metadata(SafetensorsMetadata.headerChecksum) }

  // MARK: Checks

  private func checkCoverage(fileBytes: Int, path: String) throws(Failure) {
    var end = 0
    for tensor in tensors {
      let name = printable(tensor.name)
      if tensor.bytes.lowerBound > end {
        throw Failure(
          .badData, "header: hole: bytes \(end)..<\(tensor.bytes.lowerBound) before \(name)", at: path)
      }
      if tensor.bytes.lowerBound < end {
        throw Failure(
          .badData, "header: overlap: \(name) starts at \(tensor.bytes.lowerBound), before \(end)", at: path)
      }
      end = tensor.bytes.upperBound
    }
    // Cannot overflow: a file of 2^63 bytes does not exist, but an offset of that size can be written down.
    let (expected, overflow) = end.addingReportingOverflow(dataStart)
    if overflow || expected > fileBytes {
      let bytes = overflow ? "more than \(Int.max)" : "\(expected)"
      throw Failure(.badData, "truncated: expected \(bytes) bytes, found \(fileBytes)", at: path)
    }
    if expected < fileBytes {
      throw Failure(.badData, "trailing bytes: expected \(expected) bytes, found \(fileBytes)", at: path)
    }
  }

  /// A file of this program must have all of its checksums, so that a damaged key does not switch a check off.
  private func checkOwnChecksums(path: String) throws(Failure) {
    if let range = metadataRanges[SafetensorsMetadata.headerChecksum] {
      let found = SafetensorsMetadata.checksum(ofHeader: text, field: range)
      guard metadata(SafetensorsMetadata.headerChecksum) == found else {
        throw Failure(.badData, "header: its checksum is \(found), not the recorded one", at: path)
      }
    }
    guard let version = metadata(SafetensorsMetadata.version) else { return }
    guard version == SafetensorsMetadata.currentVersion else {
      let known = SafetensorsMetadata.currentVersion
      throw Failure(
        .badData, "format \(printable(version)), but this program knows format \(known)", at: path)
    }
    guard checksum != nil else { throw Failure(.badData, "header: no checksum of the header", at: path) }
    for tensor in tensors where checksum(of: tensor) == nil {
      throw Failure(.badData, "header: no checksum of \(printable(tensor.name))", at: path)
    }
  }
}

/// A name from a file, fit for a terminal: quoted where needed, without control characters, and not endless.
func printable(_ name: String) -> String {
  let limit = 80
  var text = ""
  for scalar in name.unicodeScalars.prefix(limit) {
    let isControl =
      scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.properties.isBidiControl
    text += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
  }
  if name.unicodeScalars.count > limit { text += "…" }
  return text.isEmpty ? "\"\"" : text
}
