import Failures

/// Reads the JSON of a safetensors header strictly, one token at a time.
///
/// A header is objects of known keys, strings and whole numbers, so nothing recurses and nothing is kept that
/// the caller does not keep: a hostile header costs no more memory than its text. The bytes must be valid
/// UTF-8.
struct HeaderScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let path: String
  var position: Int

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

  mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  func unexpected(_ expected: String) -> Failure {
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

  /// More than any tensor has dimensions.
  private static let maximumNumbers = 64

  /// Reads an array of whole numbers.
  mutating func wholeNumbers(_ what: String) throws(Failure) -> [Int] {
    guard take("[") else { throw unexpected("the array of \(what)") }
    var numbers: [Int] = []
    if take("]") { return numbers }
    repeat {
      guard numbers.count < Self.maximumNumbers else {
        throw failure("more than \(Self.maximumNumbers) \(what) at byte \(position)")
      }
      numbers.append(try wholeNumber())
    } while take(",")
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
}
