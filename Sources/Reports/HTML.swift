/// Markup in which text that comes from outside is harmless: what is interpolated is escaped, unless it is markup itself.
struct HTML: ExpressibleByStringInterpolation, Sendable {
  private(set) var text: String

  init(stringLiteral text: String) { self.text = text }
  init(stringInterpolation parts: StringInterpolation) { text = parts.text }
  private init(_ text: String) { self.text = text }

  static func + (first: HTML, second: HTML) -> HTML { HTML(first.text + second.text) }
  static func += (first: inout HTML, second: HTML) { first.text += second.text }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ markup: HTML) { text += markup.text }
    mutating func appendInterpolation(_ markup: [HTML]) { for part in markup { text += part.text } }
    mutating func appendInterpolation(_ number: Int) { text += "\(number)" }

    /// Neither ends an element nor an attribute; control characters and marks that turn the reading order are written out.
    mutating func appendInterpolation(_ value: String) {
      for scalar in value.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        case "\n": text += "\n"
        default:
          switch scalar.value {
          case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069:
            text += "\\u{\(String(scalar.value, radix: 16))}"
          default: text.unicodeScalars.append(scalar)
          }
        }
      }
    }
  }
}
