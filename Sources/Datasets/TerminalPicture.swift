import Tensors

/// Shows grey images in a terminal, several side by side.
///
/// With colours, one character shows two pixels one above the other (U+2580, the upper half block, in front of a
/// coloured background); without, a ramp of characters shows the mean of the two.
public struct TerminalPicture: Sendable {
  public enum Style: Equatable, Sendable {
    /// 24-bit colours.
    case trueColour
    /// The 24 greys of the 256-colour palette, with its black and white.
    case palette
    /// Plain ASCII, without any control character.
    case ascii
  }

  public let style: Style
  /// Characters in a line of the terminal.
  public let columns: Int

  public init(style: Style, columns: Int) {
    self.style = style
    self.columns = columns
  }

  /// The best that a terminal can show, from what it says about itself.
  ///
  /// `NO_COLOR` (no-color.org), a dumb terminal, an output that is none, and a locale other than UTF-8 get ASCII.
  public static func style(environment: [String: String], isTerminal: Bool) -> Style {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0.lowercased() } }
    guard isTerminal, value("NO_COLOR") == nil, let terminal = value("TERM"), terminal != "dumb" else {
      return .ascii
    }
    if let locale = value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG"),
      !locale.contains("utf-8") && !locale.contains("utf8")
    {
      return .ascii
    }
    if let depth = value("COLORTERM"), depth == "truecolor" || depth == "24bit" { return .trueColour }
    if terminal.contains("direct") { return .trueColour }
    return terminal.contains("256color") ? .palette : .ascii
  }

  private static let gap = 2

  /// Lines of text, each ending in a newline, with a caption under each image.
  ///
  /// - Parameters:
  ///   - images: pixels row by row, 0 to 255, and the caption.
  ///   - shape: of every image, one channel.
  public func render(_ images: [(pixels: ArraySlice<UInt8>, caption: String)], shape: Shape) -> String {
    precondition(images.allSatisfy { $0.pixels.count == shape.count }, "every image has the shape")
    let perLine = max(1, (columns + Self.gap) / (shape.width + Self.gap))
    let gap = String(repeating: " ", count: Self.gap)
    var text = ""
    for first in stride(from: 0, to: images.count, by: perLine) {
      let line = images[first..<min(first + perLine, images.count)]
      for y in stride(from: 0, to: shape.height, by: 2) {
        for (column, image) in line.enumerated() {
          if column > 0 { text += gap }
          appendRow(y, of: image.pixels, shape, to: &text)
        }
        text += "\n"
      }
      for (column, image) in line.enumerated() {
        let caption = image.caption.prefix(shape.width)
        if column > 0 { text += gap }
        text += caption
        if column < line.count - 1 { text += String(repeating: " ", count: shape.width - caption.count) }
      }
      text += "\n"
    }
    return text
  }

  /// Appends rows `y` and `y` + 1 of an image as one line of characters.
  private func appendRow(_ y: Int, of pixels: ArraySlice<UInt8>, _ shape: Shape, to text: inout String) {
    let ramp = Array(" .:-=+*#%@")
    var previous: (UInt8, UInt8)?
    for x in 0..<shape.width {
      let upper = pixels[pixels.startIndex + y * shape.width + x]
      let lower = y + 1 < shape.height ? pixels[pixels.startIndex + (y + 1) * shape.width + x] : 0
      if style == .ascii {
        text.append(ramp[(Int(upper) + Int(lower)) * ramp.count / 511])
        continue
      }
      // A run of equal colours is set once.
      if previous.map({ $0 != (upper, lower) }) ?? true {
        text += "\u{1B}[38;\(colour(upper));48;\(colour(lower))m"
        previous = (upper, lower)
      }
      text += "\u{2580}"
    }
    if style != .ascii { text += "\u{1B}[0m" }
  }

  private func colour(_ grey: UInt8) -> String {
    if style == .trueColour { return "2;\(grey);\(grey);\(grey)" }
    // Greys 232 to 255 of the palette are 8, 18, ... 238; 16 is black and 231 is white.
    switch grey {
    case ..<4: return "5;16"
    case 247...: return "5;231"
    default: return "5;\(232 + min(23, (Int(grey) - 3) / 10))"
    }
  }
}
