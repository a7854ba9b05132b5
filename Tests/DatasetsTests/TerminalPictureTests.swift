import Datasets
import Tensors
import Testing

@Suite struct TerminalPictureTests {
  @Test(arguments: [
    (
      ["TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"],
      TerminalPicture.Style.trueColour
    ),
    (["TERM": "xterm-256color", "COLORTERM": "24bit"], .trueColour),
    (["TERM": "xterm-direct"], .trueColour),
    (["TERM": "xterm-256color", "LANG": "C.UTF-8"], .palette),
    (["TERM": "xterm-256color", "LC_ALL": "C", "LANG": "en_US.UTF-8"], .ascii),
    (["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"], .ascii),
    (["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""], .trueColour),
    (["TERM": "dumb", "COLORTERM": "truecolor"], .ascii),
    (["TERM": "vt100"], .ascii),
    ([:], .ascii),
  ])
  func styles(environment: [String: String], style: TerminalPicture.Style) {
    #expect(TerminalPicture.style(environment: environment, isTerminal: true) == style)
    #expect(TerminalPicture.style(environment: environment, isTerminal: false) == .ascii)
  }

  private let shape = Shape(height: 3, width: 2, channels: 1)
  private let pixels: ArraySlice<UInt8> = [0, 255, 0, 255, 128, 0]

  @Test func ascii() {
    let picture = TerminalPicture(style: .ascii, columns: 80)
    #expect(picture.render([(pixels, "ab")], shape: shape) == " @\n: \nab\n")
  }

  @Test func colours() {
    let picture = TerminalPicture(style: .trueColour, columns: 80)
    let text = picture.render([(pixels, "")], shape: shape)
    let first =
      "\u{1B}[38;2;0;0;0;48;2;0;0;0m\u{2580}\u{1B}[38;2;255;255;255;48;2;255;255;255m\u{2580}\u{1B}[0m\n"
    let second = "\u{1B}[38;2;128;128;128;48;2;0;0;0m\u{2580}\u{1B}[38;2;0;0;0;48;2;0;0;0m\u{2580}\u{1B}[0m\n"
    #expect(text == first + second + "\n")
  }

  /// Every grey is within five of the palette's colour for it, and within eight at its dark and bright ends.
  @Test func palette() throws {
    let picture = TerminalPicture(style: .palette, columns: 80)
    for grey in 0..<256 {
      let text = picture.render([([UInt8(grey)], "")], shape: Shape(height: 1, width: 1, channels: 1))
      let match = try #require(text.firstMatch(of: /38;5;([0-9]+);/))
      let index = try #require(Int(match.1))
      let shown = index == 16 ? 0 : index == 231 ? 255 : 8 + 10 * (index - 232)
      #expect(abs(shown - grey) <= 9)
    }
  }

  @Test(arguments: [(1, 1), (5, 1), (6, 2), (9, 2), (10, 3), (80, 3)])
  func imagesFillTheWidth(columns: Int, perLine: Int) {
    let picture = TerminalPicture(style: .ascii, columns: columns)
    let text = picture.render([(pixels, "a"), (pixels, "b"), (pixels, "long")], shape: shape)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.count == 3 * ((3 + perLine - 1) / perLine))
    #expect(lines.allSatisfy { $0.count <= max(columns, 2) })
    #expect(lines.last?.hasSuffix("lo") == true)
  }
}
