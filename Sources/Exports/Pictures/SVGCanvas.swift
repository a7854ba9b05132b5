import Telemetry

/// Collects the elements of an SVG picture (W3C, SVG 1.1). Coordinates are pixels, from the upper left.
struct SVGCanvas {
  private(set) var elements = ""

  mutating func rectangle(
    _ style: String, x: Int, y: Int, width: Int, height: Int, radius: Int = 5
  ) {
    elements +=
      "<rect class=\"\(style)\" x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" rx=\"\(radius)\"/>\n"
  }

  /// - Parameters:
  ///   - x: the text's left end, middle or right end, as `anchor` says.
  ///   - y: the line on which it stands.
  mutating func text(_ text: String, _ style: String, x: Int, y: Int, anchor: String = "start") {
    let place = anchor == "start" ? "" : " text-anchor=\"\(anchor)\""
    elements += "<text class=\"\(style)\" x=\"\(x)\" y=\"\(y)\"\(place)>\(Self.escaped(text))</text>\n"
  }

  /// A line through the points, with an arrow's head at its end where asked.
  mutating func line(_ points: [(x: Int, y: Int)], arrow: Bool = true) {
    let path = points.enumerated().map { "\($0 == 0 ? "M" : "L")\($1.x) \($1.y)" }.joined(separator: " ")
    elements += "<path class=\"line\" d=\"\(path)\"/>\n"
    guard arrow, let end = points.last, let before = points.dropLast().last else { return }
    let (dx, dy) = ((end.x - before.x).signum(), (end.y - before.y).signum())
    // Three points: the tip, and seven pixels back, three to either side.
    let (bx, by) = (end.x - 7 * dx, end.y - 7 * dy)
    elements +=
      "<path class=\"head\" d=\"M\(end.x) \(end.y) L\(bx + 3 * dy) \(by + 3 * dx) L\(bx - 3 * dy) \(by - 3 * dx) Z\"/>\n"
  }

  mutating func circle(_ style: String, x: Int, y: Int, radius: Int) {
    elements += "<circle class=\"\(style)\" cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius)\"/>\n"
  }

  /// Elements that say what they are when they are pointed at.
  mutating func group(_ title: String, _ draw: (inout SVGCanvas) -> Void) {
    elements += "<g><title>\(Self.escaped(title))</title>\n"
    draw(&self)
    elements += "</g>\n"
  }

  /// The whole picture.
  func document(width: Int, height: Int, title: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="img">
    <title>\(Self.escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    \(elements)</svg>

    """
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  /// The picture brings its own background, so that it can be read on any page; a page in the dark gets a dark one.
  private static let style = """
    text { font-family: -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1f2933; }
    .page { fill: #ffffff; }
    .name { font-size: 19px; font-weight: 600; }
    .title { font-size: 12px; font-weight: 600; }
    .small, .note { font-size: 10.5px; }
    .note { fill: #5b6875; }
    .line { fill: none; stroke: #7b8794; stroke-width: 1.3; }
    .head { fill: #7b8794; }
    .frame { fill: #f5f7f9; stroke: #c5ced6; }
    .change { fill: #000000; fill-opacity: 0.07; }
    .convolution { fill: #cfe2f7; stroke: #6f9fd0; }
    .pooling { fill: #fbe0c6; stroke: #d79a5b; }
    .dense { fill: #d3ecd1; stroke: #74ae70; }
    .changes { fill: #e9e5f3; stroke: #9d92bf; }
    .plain { fill: #eceff1; stroke: #a5b0ba; }
    .junction { fill: #ffffff; stroke: #7b8794; stroke-width: 1.3; }
    @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf0; }
    .page { fill: #14181d; }
    .note { fill: #9aa7b3; }
    .line { stroke: #8593a1; }
    .head { fill: #8593a1; }
    .frame { fill: #1c2229; stroke: #3a4652; }
    .change { fill: #ffffff; fill-opacity: 0.08; }
    .convolution { fill: #1f3f63; stroke: #5187bf; }
    .pooling { fill: #5a3a1a; stroke: #b97f43; }
    .dense { fill: #224b22; stroke: #5c9a58; }
    .changes { fill: #3a3355; stroke: #8478ad; }
    .plain { fill: #2a323a; stroke: #64717d; }
    .junction { fill: #14181d; stroke: #8593a1; }
    }
    """
}
