import Failures
import Files

/// Writes safetensors files: PyTorch's tensors as F32 (or F16) and I64, with a checksum of each, through one buffer.
///
/// The file is written front to back; the checksums, which take the same room whatever they are, are filled
/// in at the end.
public final class SafetensorsWriter {
  private let chunk: UnsafeMutableBufferPointer<Float>
  private let code: ExitCode

  /// - Parameters:
  ///   - chunkElements: length of the buffer. What fits a core's own cache is read, summed and written while it is there.
  ///   - code: how the program ends when the file cannot be written.
  public init(chunkElements: Int = 1 << 18, code: ExitCode = .inputOutput) {
    precondition(chunkElements > 0, "a buffer needs room")
    chunk = .allocate(capacity: chunkElements)
    chunk.initialize(repeating: 0)
    self.code = code
  }

  deinit { chunk.deallocate() }

  /// Writes a file, not yet brought to the disk, and returns it open.
  ///
  /// The integers come first, so that every tensor starts at a multiple of its element's size.
  ///
  /// - Parameter type: float32, or float16 for half the size, to which every element is rounded.
  /// - Throws: the writer's code, when the system refuses; `badData` for a number that float16 cannot hold.
  public func write(
    _ tensors: [any TensorSource], integers: [IntegerTensor] = [], as type: ElementType = .float32,
    to path: String
  ) throws(Failure) -> WrittenFile {
    precondition(type == .float32 || type == .float16, "weights are written as F32 or F16")
    var header = HeaderBuilder(
      integers.map { ($0.name, .int64, $0.shape) } + tensors.map { ($0.name, type, $0.shape) })
    let file = try OpenFile.creating(path, code: code)
    try file.write(header.prefix)
    for (index, tensor) in integers.enumerated() {
      var checksum = CRC32()
      try tensor.values.withUnsafeBufferPointer { (values) throws(Failure) in
        checksum.update(UnsafeRawBufferPointer(values))
        try file.write(UnsafeRawBufferPointer(values))
      }
      header.set(checksum, ofTensor: index)
    }
    for (index, tensor) in tensors.enumerated() {
      header.set(try stream(tensor, as: type, to: file), ofTensor: integers.count + index)
    }
    let checksum = header.seal()
    try file.write(header.prefix, at: 0)
    return WrittenFile(file: file, stamp: FileStamp(bytes: header.fileBytes, checksum: checksum))
  }

  private func stream(
    _ tensor: any TensorSource, as type: ElementType, to file: OpenFile
  ) throws(Failure) -> CRC32 {
    let count = tensor.shape.reduce(1, *)
    var checksum = CRC32()
    var start = 0
    while start < count {
      let range = start..<min(count, start + chunk.count)
      let part = UnsafeMutableBufferPointer(rebasing: chunk[..<range.count])
      tensor.read(range, into: part)
      if type == .float16 { try narrow(part, of: tensor.name) }
      let bytes = UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(part)[..<(range.count * type.size)])
      checksum.update(bytes)
      try file.write(bytes)
      start = range.upperBound
    }
    return checksum
  }

  /// Rounds the elements to float16, into the front half of their own place.
  private func narrow(_ elements: UnsafeMutableBufferPointer<Float>, of tensor: String) throws(Failure) {
    let bytes = UnsafeMutableRawBufferPointer(elements)
    for (index, element) in elements.enumerated() {
      let half = Float16(element)
      guard half.isFinite || !element.isFinite else {
        throw Failure(
          .badData, "\(element) in \(tensor) is more than float16 holds", advice: "store it in float32")
      }
      bytes.storeBytes(of: half.bitPattern, toByteOffset: 2 * index, as: UInt16.self)
    }
  }
}

/// A file that is written and still open, to be brought to the disk by whoever publishes it.
public struct WrittenFile: Sendable {
  public let file: OpenFile
  public let stamp: FileStamp
}
