extension [UInt8] {
  /// Appends text without allocating, where there is room.
  mutating func append(ascii text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// Appends a whole number, filled with zeros to at least `digits`.
  mutating func append(integer value: Int, digits: Int = 1) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = count
    repeat {
      append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0 || count - start < digits
    // Reversing a slice in place would copy the buffer.
    var (low, high) = (start, count - 1)
    while low < high {
      swapAt(low, high)
      (low, high) = (low + 1, high - 1)
    }
  }

  /// Appends a JSON key and its number, or `null` where there is none or it is not finite.
  mutating func append(key: StaticString, _ value: Float?) {
    append(ascii: key)
    guard let value, value.isFinite else { return append(ascii: "null") }
    append(contentsOf: value.description.utf8)
  }
}
