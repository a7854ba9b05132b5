import Failures

/// JSON's strings: proven as they are passed over, decoded only where somebody wants the text.
extension HeaderScanner {
  /// More than any name has bytes.
  private static let maximumName = 1 << 14

  /// Reads a string that is short enough to keep.
  mutating func string(_ what: String) throws(Failure) -> String {
    let range = try stringRange(what)
    guard range.count <= Self.maximumName else {
      throw failure("a name of \(range.count) bytes at byte \(range.lowerBound)")
    }
    return decode(range)
  }

  /// Reads a string without decoding it, and returns where it lies between its quotes.
  mutating func stringRange(_ what: String) throws(Failure) -> Range<Int> {
    guard take("\"") else { throw unexpected(what) }
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return start..<position - 1
      case UInt8(ascii: "\\"): try skipEscape()
      case 0..<0x20: throw failure("not JSON: control character in the string at byte \(position)")
      default: position += 1
      }
    }
    throw failure("not JSON: the string at byte \(start) has no end")
  }

  private mutating func skipEscape() throws(Failure) {
    let start = position
    guard start + 1 < bytes.count else { throw failure("not JSON: the string at byte \(start) has no end") }
    if bytes[start + 1] != UInt8(ascii: "u") {
      guard "\"\\/bfnrt".utf8.contains(bytes[start + 1]) else {
        throw failure("not JSON: unknown escape at byte \(start)")
      }
      position += 2
      return
    }
    guard let unit = codeUnit(at: start) else {
      throw failure("not JSON: broken \\u escape at byte \(start)")
    }
    position += 6
    guard UTF16.isSurrogate(unit) else { return }
    guard UTF16.isLeadSurrogate(unit), let next = codeUnit(at: position), UTF16.isTrailSurrogate(next) else {
      throw failure("not JSON: half a surrogate pair at byte \(start)")
    }
    position += 6
  }

  /// The `\uXXXX` at `offset`.
  private func codeUnit(at offset: Int) -> UInt16? {
    guard offset + 6 <= bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[offset + 2..<offset + 6] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// The text of a string that was read from `range`.
  func decode(_ range: Range<Int>) -> String {
    let slice = UnsafeBufferPointer(rebasing: bytes[range])
    guard slice.contains(UInt8(ascii: "\\")) else { return String(decoding: slice, as: UTF8.self) }
    var text: [UInt8] = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard bytes[offset] == UInt8(ascii: "\\") else {
        text.append(bytes[offset])
        offset += 1
        continue
      }
      if let unit = codeUnit(at: offset) {
        let units = UTF16.isSurrogate(unit) ? [unit, codeUnit(at: offset + 6)!] : [unit]
        text += String(decoding: units, as: UTF16.self).utf8
        offset += 6 * units.count
      } else {
        let plain: [UInt8: UInt8] = [
          UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
          UInt8(ascii: "t"): 9,
        ]
        text.append(plain[bytes[offset + 1]] ?? bytes[offset + 1])
        offset += 2
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
