import Telemetry
import Testing

@Suite struct ConsoleStyleTests {
  @Test(
    arguments: [
      (["LC_ALL": "C", "LANG": "de_DE.UTF-8"], false), (["LANG": "de_DE.UTF-8"], true),
      (["LANG": "C.utf8"], true),
      (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true), ([:], false),
      (["LANG": "de_DE.ISO-8859-1"], false),
    ] as [([String: String], Bool)])
  func boxDrawingNeedsUTF8(_ environment: [String: String], _ expected: Bool) {
    #expect(ConsoleStyle(environment: environment).usesUnicode == expected)
  }

  @Test(
    arguments: [([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false)]
      as [([String: String], Bool)])
  func noColorIsHonoured(_ environment: [String: String], _ expected: Bool) {
    #expect(ConsoleStyle(environment: environment).usesColor == expected)
  }

  @Test(
    arguments: [([:], false), (["TERM": "dumb"], false), (["TERM": "xterm-256color"], true)]
      as [([String: String], Bool)])
  func aDumbTerminalHasPlainLines(_ environment: [String: String], _ expected: Bool) {
    #expect(ConsoleStyle(environment: environment).drawsBar == expected)
  }
}
