import Files

/// Lays out the header of a new file, with room for the checksums that are known only when the data has been written.
struct HeaderBuilder {
  /// The length and the JSON: the file up to its data.
  private(set) var prefix: [UInt8] = Array(repeating: 0, count: 8)
  /// The size of the whole file.
  var fileBytes: Int { prefix.count + dataBytes }
  private let dataBytes: Int
  private var headerField = 0..<0
  private var tensorFields: [Range<Int>] = []

  /// - Parameter tensors: names, types and shapes in the order of their bytes.
  init(_ tensors: [(name: String, type: ElementType, shape: [Int])]) {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "tensor names are unique")
    let sizes = tensors.map { $0.shape.reduce($0.type.size, *) }
    dataBytes = sizes.reduce(0, +)

    append("{\"__metadata__\":{\"\(SafetensorsMetadata.format)\":\"pt\",")
    append("\"\(SafetensorsMetadata.version)\":\"\(SafetensorsMetadata.currentVersion)\",")
    var fields = [appendChecksum(SafetensorsMetadata.headerChecksum)]
    for tensor in tensors {
      append(",")
      fields.append(appendChecksum(SafetensorsMetadata.tensorChecksumPrefix + tensor.name))
    }
    append("}")
    var offset = 0
    for (tensor, size) in zip(tensors, sizes) {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      append(",\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],")
      append("\"data_offsets\":[\(offset),\(offset + size)]}")
      offset += size
    }
    append("}")
    while prefix.count % 8 != 0 { prefix.append(UInt8(ascii: " ")) }
    precondition(prefix.count - 8 <= SafetensorsHeader.maximumLength, "no model has that many tensors")

    headerField = fields[0]
    tensorFields = Array(fields[1...])
    withUnsafeBytes(of: UInt64(prefix.count - 8).littleEndian) { length in
      for (index, byte) in length.enumerated() { prefix[index] = byte }
    }
  }

  /// Fills in the checksum of a tensor's bytes.
  mutating func set(_ checksum: CRC32, ofTensor index: Int) {
    prefix.replaceSubrange(tensorFields[index], with: checksum.hexadecimal.utf8)
  }

  /// Fills in the checksum of the header, once all others are there, and returns it.
  mutating func seal() -> String {
    let field = headerField.lowerBound - 8..<headerField.upperBound - 8
    let checksum = SafetensorsMetadata.checksum(ofHeader: Array(prefix[8...]), field: field)
    prefix.replaceSubrange(headerField, with: checksum.utf8)
    return checksum
  }

  private mutating func append(_ text: String) { prefix += text.utf8 }

  /// Appends a key with an unknown checksum and returns where the checksum goes.
  private mutating func appendChecksum(_ key: String) -> Range<Int> {
    append("\(quoted(key)):\"\(SafetensorsMetadata.unknownChecksum)\"")
    return prefix.count - 9..<prefix.count - 1
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\0"..<" ":
        result +=
          "\\u" + String(repeating: "0", count: scalar.value < 16 ? 3 : 2) + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
