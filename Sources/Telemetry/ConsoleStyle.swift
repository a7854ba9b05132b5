/// How a console may draw.
public struct ConsoleStyle: Equatable, Sendable {
  /// Redraw a line in place; the sink must be a terminal too.
  public var drawsBar: Bool
  public var usesColor: Bool
  /// Box-drawing characters; otherwise ASCII.
  public var usesUnicode: Bool
  /// Only warnings and errors.
  public var isQuiet: Bool

  public init(drawsBar: Bool, usesColor: Bool, usesUnicode: Bool, isQuiet: Bool = false) {
    self.drawsBar = drawsBar
    self.usesColor = usesColor
    self.usesUnicode = usesUnicode
    self.isQuiet = isQuiet
  }

  /// What the environment asks for: `TERM=dumb` cannot redraw, `NO_COLOR` (https://no-color.org) wants no colour, and
  /// box-drawing characters need a UTF-8 locale (`LC_ALL`, `LC_CTYPE`, `LANG`, the first that is set).
  public init(environment: [String: String], isQuiet: Bool = false) {
    let terminal = environment["TERM"] ?? ""
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let encoding = locale.lowercased().filter { $0 != "-" }
    self.init(
      drawsBar: terminal != "dumb" && !terminal.isEmpty,
      usesColor: (environment["NO_COLOR"] ?? "").isEmpty,
      usesUnicode: encoding.contains("utf8"), isQuiet: isQuiet)
  }
}
