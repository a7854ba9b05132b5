import Glibc

/// A number with a fixed count of decimals, as C's and Python's `%.4f` print it.
public func fixed(_ value: Double, _ decimals: Int) -> String {
  guard !value.isNaN else { return "nan" }
  // 1.8e308 has 309 digits before the point.
  var text = [CChar](repeating: 0, count: 352)
  withVaList([Int32(decimals), value]) { _ = vsnprintf(&text, text.count, "%.*f", $0) }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A whole number with its thousands apart: `28,142,858`.
public func grouped(_ value: Int) -> String {
  let digits = String(value.magnitude)
  var text = value < 0 ? "-" : ""
  for (position, digit) in digits.enumerated() {
    if position > 0 && (digits.count - position).isMultiple(of: 3) { text += "," }
    text.append(digit)
  }
  return text
}

/// A speed: `48,070 images/s`, and with a decimal where it is small.
public func spokenSpeed(_ imagesPerSecond: Double) -> String {
  let isSmall = imagesPerSecond < 100 || imagesPerSecond > 1e12
  return "\(isSmall ? fixed(imagesPerSecond, 1) : grouped(Int(imagesPerSecond.rounded()))) images/s"
}

/// A whole number, filled on the left.
func padded(_ value: Int, to width: Int, with fill: Character = " ") -> String {
  let digits = String(value)
  return String(repeating: fill, count: max(0, width - digits.count)) + digits
}

/// A duration as people say it: `45 s`, `3 min`, `2 h 05 min`, `1 d 3 h`.
public func spokenDuration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "ages" }
  let whole = Int(max(0, seconds).rounded())
  if whole < 60 { return "\(whole) s" }
  let minutes = (whole + 30) / 60
  if minutes < 60 { return "\(minutes) min" }
  if minutes < 24 * 60 { return "\(minutes / 60) h \(padded(minutes % 60, to: 2, with: "0")) min" }
  let hours = (minutes + 30) / 60
  return "\(hours / 24) d \(hours % 24) h"
}

/// An amount of memory or storage: `512 B`, `64.0 kB`, `3.1 GB`.
public func spokenBytes(_ bytes: Int) -> String {
  var value = Double(bytes)
  for unit in ["B", "kB", "MB", "GB", "TB"] {
    if value < 999.95 { return unit == "B" ? "\(bytes) B" : "\(fixed(value, 1)) \(unit)" }
    value /= 1000
  }
  return "\(fixed(value, 1)) PB"
}

/// The text with control characters written out (`\u{1b}`), so that a name can neither drive a terminal nor break a line.
public func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isControl) else { return text }
  return text.unicodeScalars.reduce(into: "") { result, scalar in
    if isControl(scalar) {
      result += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
}

/// Control characters, line and paragraph separators, and the marks that reverse the reading order.
func isControl(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
  default: false
  }
}

/// The word as a shell reads it, in quotes where it needs them.
public func shellWord(_ word: String) -> String {
  let isPlain = word.unicodeScalars.allSatisfy {
    $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_./=+:,@%".unicodeScalars.contains($0)
  }
  guard !isPlain || word.isEmpty else { return word }
  return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
