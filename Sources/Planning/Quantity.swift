import Failures

/// A number with a unit, as people give a network's speed: `10Gbit`, `1.2GB`, `20us`.
public enum Quantity {
  /// Bytes a second: a number and bit, kbit, Mbit, Gbit, Tbit, or B, kB, MB, GB, TB; `/s` may follow. Prefixes are powers of 1000.
  ///
  /// - Throws: `usage` for anything else, and for what is not above zero.
  public static func bandwidth(_ text: String, option: String) throws(Failure) -> Double {
    let rate = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
    let prefixes = [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)]
    let units = prefixes.flatMap { [("\($0)bit", $1 / 8), ("\($0)B", $1)] }
    return try number(rate, units, option: option, example: "10Gbit or 1.25GB, of a second")
  }

  /// Seconds: a number and ns, us, ms or s.
  ///
  /// - Throws: `usage` for anything else, and for what is not above zero.
  public static func duration(_ text: String, option: String) throws(Failure) -> Double {
    try number(
      text, [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1)], option: option,
      example: "20us or 0.5ms")
  }

  private static func number(
    _ text: String, _ units: [(name: String, size: Double)], option: String, example: String
  ) throws(Failure) -> Double {
    let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    let name = text.dropFirst(digits.count).drop { $0 == " " }
    guard let value = Double(digits), value.isFinite, value > 0,
      let unit = units.first(where: { $0.name == name })
    else {
      throw Failure(
        .usage, "expected a number above zero and a unit, found \"\(text)\"", at: option,
        advice: "give for example \(example)")
    }
    return value * unit.size
  }
}
