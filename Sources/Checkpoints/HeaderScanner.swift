import Failures

/// Reads the JSON of a safetensors header strictly, one token at a time.
///
/// A header is objects of known keys, strings and whole numbers, so nothing recurses and nothing is kept that the caller
/// does not keep: a hostile header costs no more memory than its text. The bytes must be valid UTF-8.
struct HeaderScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let path: String
  private(set) var position: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int = 0, path: String) {
    self.bytes = bytes
    self.path = path
    self.position = position
  }

  /// A complaint about this header.
  func failure(_ what: String) -> Failure { Failure(.badData, "header: \(what)", at: path) }

  // MARK: Punctuation

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private func unexpected(_ expected: String) -> Failure {
    guard position < bytes.count else { return failure("not JSON: it ends where \(expected) is expected") }
    let byte = bytes[position]
    if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
      return failure("nested too deeply at byte \(position), where \(expected) is expected")
    }
    let found = (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    return failure("not JSON: expected \(expected) at byte \(position), found \(found)")
  }

  // MARK: Objects and arrays

  /// Reads an object; `member` reads the value of each key.
  mutating func object(_ what: String, _ member: (inout Self, String) throws(Failure) -> Void) throws(Failure)
  {
    guard take("{") else { throw unexpected("the object of \(what)") }
    if take("}") { return }
    repeat {
      let key = try string("a key")
      guard take(":") else { throw unexpected("':'") }
      try member(&self, key)
    } while take(",")
    guard take("}") else { throw unexpected("',' or '}'") }
  }

  /// Reads an array of whole numbers.
  mutating func wholeNumbers(_ what: String) throws(Failure) -> [Int] {
    guard take("[") else { throw unexpected("the array of \(what)") }
    var numbers: [Int] = []
    if take("]") { return numbers }
    repeat { numbers.append(try wholeNumber()) } while take(",")
    guard take("]") else { throw unexpected("',' or ']'") }
    return numbers
  }

  /// Nothing but space may follow.
  mutating func end() throws(Failure) {
    skipSpace()
    if position < bytes.count { throw failure("not JSON: more text follows at byte \(position)") }
  }

  // MARK: Numbers

  private mutating func wholeNumber() throws(Failure) -> Int {
    skipSpace()
    let start = position
    var number = 0
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
      let (tens, first) = number.multipliedReportingOverflow(by: 10)
      let (sum, second) = tens.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
      guard !first, !second else {
        throw failure("overflow: the number at byte \(start) does not fit 64 bits")
      }
      number = sum
      position += 1
    }
    guard position > start else { throw unexpected("a whole number") }
    if position < bytes.count,
      [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[position])
    {
      throw failure("the number at byte \(start) is not whole")
    }
    if position - start > 1, bytes[start] == UInt8(ascii: "0") {
      throw failure("not JSON: the number at byte \(start) starts with 0")
    }
    return number
  }

  // MARK: Strings

  /// Reads a string.
  mutating func string(_ what: String) throws(Failure) -> String { decode(try stringRange(what)) }

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
