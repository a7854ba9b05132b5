import Failures

/// Collects what a safetensors header says, within a budget of memory.
///
/// Names and shapes take more room in memory than in the text, so a hostile header of 100 MB could cost a
/// multiple of it. The file's own data is what a reader may spend, and half a mebibyte more.
struct HeaderParser {
  private(set) var tensors: [SafetensorsHeader.Tensor] = []
  /// Where the values of `__metadata__` lie in the text.
  private(set) var metadata: [String: Range<Int>] = [:]
  private var names: Set<String> = []
  private var budget: Int
  private var hasMetadata = false

  /// What an entry costs beyond its key: twice (arrays and tables grow by doubling) its place in them, and
  /// its allocations.
  private static let entryCost = 320

  init(dataBytes: Int) { budget = max(0, dataBytes) + 448 * 1024 }

  mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws(Failure) {
    if let offset = firstInvalidUTF8(bytes) {
      throw Failure(.badData, "header: not UTF-8 at byte \(offset)", at: path)
    }
    guard bytes.first == UInt8(ascii: "{") else {
      throw Failure(.badData, "header: not JSON: it does not start with '{'", at: path)
    }
    var scanner = HeaderScanner(bytes, path: path)
    try scanner.object("all tensors") { (scanner, key) throws(Failure) in
      if key == "__metadata__" {
        if hasMetadata { throw scanner.failure("duplicate key __metadata__") }
        hasMetadata = true
        try parseMetadata(&scanner)
      } else {
        try parseTensor(key, &scanner)
      }
    }
    try scanner.end()
  }

  private mutating func charge(_ bytes: Int, _ scanner: HeaderScanner) throws(Failure) {
    budget -= bytes
    if budget < 0 { throw scanner.failure("too many entries for a file of this size") }
  }

  private mutating func parseMetadata(_ scanner: inout HeaderScanner) throws(Failure) {
    try scanner.object("__metadata__") { (scanner, key) throws(Failure) in
      try charge(Self.entryCost + 2 * key.utf8.count, scanner)
      let value = try scanner.stringRange("a string")
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw scanner.failure("duplicate key \(printable(key)) in __metadata__")
      }
    }
  }

  private mutating func parseTensor(_ name: String, _ scanner: inout HeaderScanner) throws(Failure) {
    try charge(Self.entryCost + 2 * name.utf8.count, scanner)
    guard names.insert(name).inserted else { throw scanner.failure("duplicate key \(printable(name))") }
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object(printable(name)) { (scanner, key) throws(Failure) in
      let isNew: Bool
      switch key {
      case "dtype": (isNew, type) = (type == nil, try scanner.string("a string"))
      case "shape": (isNew, shape) = (shape == nil, try scanner.wholeNumbers("dimensions"))
      case "data_offsets": (isNew, offsets) = (offsets == nil, try scanner.wholeNumbers("two offsets"))
      default: throw scanner.failure("unknown key \(printable(key)) in \(printable(name))")
      }
      if !isNew { throw scanner.failure("duplicate key \(key) in \(printable(name))") }
    }
    guard let type, let shape, let offsets else {
      let missing = type == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw scanner.failure("\(printable(name)) has no \(missing)")
    }
    try charge(2 * MemoryLayout<Int>.stride * shape.count, scanner)
    tensors.append(try tensor(name, type, shape, offsets, scanner))
  }

  private func tensor(
    _ name: String, _ typeName: String, _ shape: [Int], _ offsets: [Int], _ scanner: HeaderScanner
  ) throws(Failure) -> SafetensorsHeader.Tensor {
    guard let type = ElementType(rawValue: typeName) else {
      let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw scanner.failure(
        "unknown dtype \(printable(typeName)) of \(printable(name)), expected one of \(known)")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw scanner.failure("data_offsets of \(printable(name)) are not a start and an end")
    }
    var bytes = type.size
    for dimension in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      if overflow { throw scanner.failure("overflow: the shape of \(printable(name)) does not fit 64 bits") }
      bytes = product
    }
    guard bytes == offsets[1] - offsets[0] else {
      let found = offsets[1] - offsets[0]
      throw scanner.failure(
        "\(printable(name)) needs \(bytes) bytes by its shape, but its offsets hold \(found)")
    }
    return SafetensorsHeader.Tensor(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }
}

/// Where the first byte lies that is not UTF-8.
private func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
  do throws(UTF8.ValidationError) {
    _ = try UTF8Span(validating: bytes.span)
    return nil
  } catch {
    return error.byteOffsets.lowerBound
  }
}
