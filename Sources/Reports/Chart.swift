import Foundation
import Telemetry

/// Curves over one axis, drawn as SVG that takes its colours from the page.
struct Chart {
  struct Point: Equatable {
    var x: Double
    var y: Double
  }

  struct Series {
    enum Style { case line, dots }

    var name: String
    /// Of the page's palette.
    var color: Int
    var style: Style
    var points: [Point]
  }

  var title: String
  /// What the horizontal axis counts.
  var unit: String
  var series: [Series]
  /// The vertical axis ends there at the latest; nil where the points say.
  var ceiling: Double?
  /// Whether the vertical axis begins at zero.
  var startsAtZero = false

  private static let size = (width: 420.0, height: 250.0)
  private static let margin = (left: 50.0, right: 12.0, top: 10.0, bottom: 34.0)
  /// More points than this are drawn as means with a band from the least to the largest.
  static let maximumPoints = 240

  var figure: HTML {
    let drawn = series.map { series in
      var series = series
      series.points = series.points.filter { $0.x.isFinite && $0.y.isFinite }
      return series
    }
    let all = drawn.flatMap(\.points)
    guard !all.isEmpty else {
      return
        "<figure class=\"chart\"><figcaption>\(title)</figcaption><p class=\"none\">nothing yet</p></figure>"
    }
    let xs = Axis(all.map(\.x), target: 6, startsAtZero: true, endsWithValues: true)
    let ys = Axis(all.map(\.y), target: 5, startsAtZero: startsAtZero, ceiling: ceiling)
    let keys = drawn.filter { !$0.points.isEmpty }.map { series -> HTML in
      "<span class=\"key \(series.style == .dots ? "dots" : "line") c\(series.color % 8)\">\(series.name)</span> "
    }
    return """
      <figure class="chart"><figcaption>\(title)</figcaption>
      <svg viewBox="0 0 420 250" role="img" aria-label="\(title)">\(grid(xs, ys))\(drawn.filter { !$0.points.isEmpty }.map { draw($0, xs, ys) })</svg>
      <div class="keys">\(keys)</div></figure>

      """
  }

  private func horizontal(_ value: Double, _ axis: Axis) -> Double {
    Self.margin.left + axis.share(value) * (Self.size.width - Self.margin.left - Self.margin.right)
  }

  private func vertical(_ value: Double, _ axis: Axis) -> Double {
    Self.size.height - Self.margin.bottom
      - axis.share(value) * (Self.size.height - Self.margin.top - Self.margin.bottom)
  }

  private func grid(_ xs: Axis, _ ys: Axis) -> HTML {
    let (left, right) = (fixed(Self.margin.left, 0), fixed(Self.size.width - Self.margin.right, 0))
    let (top, bottom) = (Self.margin.top, Self.size.height - Self.margin.bottom)
    var markup: HTML = ""
    for tick in ys.ticks {
      let y = fixed(vertical(tick, ys), 1)
      markup += "<path class=\"grid\" d=\"M\(left) \(y)H\(right)\"/>"
      markup +=
        "<text x=\"\(fixed(Self.margin.left - 6, 0))\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(ys.label(tick))</text>"
    }
    for tick in xs.ticks {
      let x = fixed(horizontal(tick, xs), 1)
      markup += "<path class=\"grid\" d=\"M\(x) \(fixed(top, 0))V\(fixed(bottom, 0))\"/>"
      markup +=
        "<text x=\"\(x)\" y=\"\(fixed(bottom + 14, 0))\" text-anchor=\"middle\">\(xs.label(tick))</text>"
    }
    let middle = fixed((Self.margin.left + Self.size.width - Self.margin.right) / 2, 0)
    return markup
      + "<text x=\"\(middle)\" y=\"\(fixed(Self.size.height - 4, 0))\" text-anchor=\"middle\">\(unit)</text>"
  }

  private func draw(_ series: Series, _ xs: Axis, _ ys: Axis) -> HTML {
    func place(_ x: Double, _ y: Double) -> String {
      "\(fixed(horizontal(x, xs), 1)) \(fixed(vertical(y, ys), 1))"
    }
    let color = "c\(series.color % 8)"
    if series.style == .dots {
      let line = series.points.map { place($0.x, $0.y) }.joined(separator: "L")
      let dots = series.points.map { point -> HTML in
        let (x, y) = (fixed(horizontal(point.x, xs), 1), fixed(vertical(point.y, ys), 1))
        return """
          <circle class="\(color)" cx="\(x)" cy="\(y)" r="3"><title>\(series.name), \(unit) \(shortNumber(point.x)): \(shortNumber(point.y))</title></circle>
          """
      }
      return "<path class=\"curve \(color)\" d=\"M\(line)\"/>\(dots)"
    }
    let (means, band) = Self.thinned(series.points)
    let line = means.map { place($0.x, $0.y) }.joined(separator: "L")
    let edge = band.map { place($0.x, $0.high) } + band.reversed().map { place($0.x, $0.low) }
    let area: HTML =
      edge.isEmpty ? "" : "<path class=\"band \(color)\" d=\"M\(edge.joined(separator: "L"))Z\"/>"
    return "\(area)<path class=\"curve thin \(color)\" d=\"M\(line)\"/>"
  }

  /// Means over runs of neighbouring points, with the least and the largest of each; as they are where they are few.
  static func thinned(_ points: [Point]) -> (means: [Point], band: [(x: Double, low: Double, high: Double)]) {
    guard points.count > maximumPoints else { return (points, []) }
    var means: [Point] = []
    var band: [(x: Double, low: Double, high: Double)] = []
    for part in 0..<maximumPoints {
      let range = part * points.count / maximumPoints..<(part + 1) * points.count / maximumPoints
      let ys = points[range].map(\.y)
      let x = points[range].reduce(0) { $0 + $1.x } / Double(range.count)
      means.append(Point(x: x, y: ys.reduce(0, +) / Double(range.count)))
      band.append((x, ys.min()!, ys.max()!))
    }
    return (means, band)
  }
}

/// A scale with ticks at round numbers.
struct Axis {
  let low: Double
  let high: Double
  let step: Double

  /// - Parameter target: about how many ticks.
  init(
    _ values: [Double], target: Int, startsAtZero: Bool = false, endsWithValues: Bool = false,
    ceiling: Double? = nil
  ) {
    let least = startsAtZero ? 0 : values.min() ?? 0
    let largest = max(values.max() ?? 1, least)
    let span = largest > least ? largest - least : max(abs(largest), 1e-12)
    let rough = span / Double(target)
    let power = pow(10, floor(log10(rough)))
    let step = ([1, 2, 5].first { $0 * power >= rough } ?? 10) * power
    self.step = step
    let low = startsAtZero ? 0 : floor(least / step) * step
    // A horizontal axis ends with its curve, a vertical one at a tick.
    let top = endsWithValues ? max(largest, step) : max(ceil(largest / step) * step, low + step)
    self.low = low
    high = ceiling.map { max(min(top, $0), largest, low + step / 2) } ?? top
  }

  func share(_ value: Double) -> Double { (value - low) / (high - low) }

  var ticks: [Double] { (0...100).map { low + Double($0) * step }.filter { $0 <= high + step * 1e-6 } }

  func label(_ tick: Double) -> String {
    if abs(tick) < step * 1e-6 { return "0" }
    if step >= 1, abs(tick) < 1e5 { return fixed(tick, 0) }
    if step < 1e-4 || abs(tick) >= 1e5 { return shortNumber(tick) }
    return fixed(tick, Int((-log10(step)).rounded(.up)))
  }
}

/// A number in up to five significant digits.
func shortNumber(_ value: Double) -> String {
  guard value.isFinite else { return "-" }
  if value == value.rounded(), abs(value) < 1e6 { return fixed(value, 0) }
  var text = [CChar](repeating: 0, count: 32)
  withVaList([value]) { _ = vsnprintf(&text, text.count, "%.5g", $0) }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
