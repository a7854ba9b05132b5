import Failures
import Files
import Threads

/// Reads safetensors files: ours, PyTorch's, anybody's.
///
/// The header is proven when the file is opened. Data comes through a small buffer and not through a mapping,
/// so that a file that shrinks or a disk that fails is an error here and not a signal; a reader holds the
/// header and half a mebibyte.
public final class SafetensorsReader: Sendable {
  public let path: String
  public let header: SafetensorsHeader
  /// Size and checksum, as `state.json` records them; the checksum is empty where the file has none.
  public let stamp: FileStamp
  private let file: OpenFile
  private let isVerified = Monitor(false)

  /// Elements read at a time.
  private static let chunk = 1 << 16

  /// Opens a file and proves its header.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - expected: what is known about the file from elsewhere.
  ///   - missing: how the program ends when there is no such file.
  /// - Throws: `missing`, `badData` when the file is damaged, `inputOutput` when the system cannot read it.
  public init(
    _ path: String, expected: FileStamp? = nil, missing: ExitCode = .missingInput
  ) throws(Failure) {
    self.path = path
    file = try OpenFile.reading(path, missing: missing)
    let size = try file.size()
    if let expected, size != expected.bytes {
      let what = size < expected.bytes ? "truncated" : "trailing bytes"
      throw Failure(.badData, "\(what): expected \(expected.bytes) bytes, found \(size)", at: path)
    }
    header = try SafetensorsHeader(text: Self.headerText(file, size: size), fileBytes: size, path: path)
    stamp = FileStamp(bytes: size, checksum: header.checksum ?? "")
    if let expected, stamp != expected {
      let what = "header: its checksum is \(stamp.checksum), expected \(expected.checksum)"
      throw Failure(.badData, what, at: path)
    }
  }

  private static func headerText(_ file: OpenFile, size: Int) throws(Failure) -> [UInt8] {
    let start = try file.bytes(8)
    guard start.count == 8 else {
      throw Failure(.badData, "truncated: expected 8 bytes, found \(start.count)", at: file.path)
    }
    let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= SafetensorsHeader.maximumLength else {
      let limit = SafetensorsHeader.maximumLength
      throw Failure(.badData, "header: \(length) bytes long, more than the \(limit) allowed", at: file.path)
    }
    let text = length <= size - 8 ? try file.bytes(Int(length), at: 8) : []
    guard text.count == length else {
      throw Failure(
        .badData, "truncated: expected \(8 + length) bytes, found \(size), inside the header", at: file.path)
    }
    return text
  }

  // MARK: Reading

  /// Compares every tensor's bytes with its recorded checksum. A file without checksums passes.
  ///
  /// - Throws: `badData` naming the tensor that is damaged.
  public func verify() throws(Failure) {
    if isVerified.read({ $0 }) { return }
    for tensor in header.tensors {
      guard let expected = header.checksum(of: tensor) else { continue }
      var checksum = CRC32()
      try forEachChunk(of: tensor) { (_, bytes) in checksum.update(bytes) }
      guard checksum.hexadecimal == expected else {
        let what = "\(printable(tensor.name)) is damaged: its checksum is \(checksum.hexadecimal), "
        throw Failure(.badData, what + "expected \(printable(expected))", at: path)
      }
    }
    isVerified.update { $0 = true }
  }

  /// Fills `sinks` from the tensors of the same names, widened to float32.
  ///
  /// Nothing is written before all names, shapes and types have been compared and all checksums are right.
  ///
  /// - Parameters:
  ///   - sinks: the tensors that must be there.
  ///   - integers: names of I64 scalars that must be there too.
  ///   - ignoring: tensors of the file that may be there although no sink wants them.
  /// - Throws: `badData` when the file holds another model, with at most ten expected/found lines, or is damaged.
  public func load(
    into sinks: [any TensorSink], integers: [String] = [],
    ignoring: (SafetensorsHeader.Tensor) -> Bool = { _ in false }
  ) throws(Failure) {
    try compare(with: sinks, integers: integers, ignoring: ignoring)
    try verify()
    let widened = UnsafeMutableBufferPointer<Float>.allocate(capacity: Self.chunk)
    defer { widened.deallocate() }
    for sink in sinks {
      guard let tensor = header[sink.name] else { preconditionFailure("compared above") }
      try forEachChunk(of: tensor) { (range, bytes) in
        sink.write(range, from: tensor.type.widen(bytes, into: widened))
      }
    }
  }

  /// All elements of a float tensor, widened to float32.
  public func floats(_ name: String) throws(Failure) -> [Float] {
    let tensor = try tensor(name) { $0.isFloat }
    var floats: [Float] = []
    floats.reserveCapacity(tensor.count)
    let widened = UnsafeMutableBufferPointer<Float>.allocate(capacity: Self.chunk)
    defer { widened.deallocate() }
    try forEachChunk(of: tensor) { (_, bytes) in floats += tensor.type.widen(bytes, into: widened) }
    return floats
  }

  /// All elements of an I64 tensor.
  public func integers(_ name: String) throws(Failure) -> [Int64] {
    let tensor = try tensor(name) { $0 == .int64 }
    var integers: [Int64] = []
    try forEachChunk(of: tensor) { (_, bytes) in integers += bytes.assumingMemoryBound(to: Int64.self) }
    return integers
  }

  private func tensor(
    _ name: String, fits: (ElementType) -> Bool
  ) throws(Failure) -> SafetensorsHeader.Tensor {
    guard let tensor = header[name] else {
      throw Failure(.badData, "no tensor \(printable(name))", at: path)
    }
    guard fits(tensor.type) else {
      throw Failure(.badData, "\(printable(name)) is \(tensor.type.rawValue)", at: path)
    }
    return tensor
  }

  /// Reads a tensor's bytes in order, in pieces of whole elements.
  private func forEachChunk(
    of tensor: SafetensorsHeader.Tensor, _ body: (Range<Int>, UnsafeRawBufferPointer) -> Void
  ) throws(Failure) {
    let size = tensor.type.size
    // Float32 is the widest that is read in bulk; wider elements come in shorter pieces.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk * 4, alignment: 64)
    defer { buffer.deallocate() }
    var start = 0
    while start < tensor.count {
      let range = start..<min(tensor.count, start + min(Self.chunk, buffer.count / size))
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(range.count * size)])
      let offset = header.dataStart + tensor.bytes.lowerBound + range.lowerBound * size
      let found = try file.read(into: part, at: offset)
      guard found == part.count else {
        let expected = stamp.bytes
        throw Failure(.badData, "truncated: expected \(expected) bytes, found \(offset + found)", at: path)
      }
      body(range, UnsafeRawBufferPointer(part))
      start = range.upperBound
    }
  }
}
