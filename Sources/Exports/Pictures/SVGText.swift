import Layers
import Telemetry
import Tensors

/// A network as an SVG picture: a box a layer with its parameters, shapes beside the arrows, a frame around each block; from top to
/// bottom, and column by column where it is long.
public enum SVGText {
  public static func of(_ architecture: Architecture) -> String {
    let figures = Figure(architecture.root).parts
    let columns = Columns(figures)
    var painter = Painter()
    let widths = columns.sizes.reduce(0) { $0 + $1.columnWidth }
    let title = "\(architecture.name), \(grouped(architecture.parameters)) parameters"
    let facts =
      "\(grouped(architecture.parameters)) parameters, images of \(written(architecture.input)), \(architecture.output) outputs"
    let width =
      2 * Measure.margin
      + max(widths + Measure.columnGap * (columns.sizes.count - 1), 6 * facts.count)
    let height = Measure.header + columns.height + 2 * Measure.margin
    painter.canvas.rectangle("page", x: 0, y: 0, width: width, height: height, radius: 10)
    painter.canvas.text(architecture.name, "name", x: Measure.margin, y: 38)
    painter.canvas.text(facts, "note", x: Measure.margin, y: 56)
    painter.draw(columns, input: architecture.input)
    return painter.canvas.document(width: width, height: height, title: title)
  }
}

/// A shape with the signs of a printed page.
private func written(_ shape: Shape) -> String { "\(shape)".replacing("x", with: "×") }

extension FigureSize {
  /// With the shapes beside the arrows.
  fileprivate var columnWidth: Int { max(width, axis + Measure.shapeWidth) }
}

/// The figures of a network, cut into columns of about the same height.
private struct Columns {
  let columns: [[Figure]]
  let sizes: [FigureSize]
  /// Above the first figure and below the last there is room for an arrow.
  var height: Int { (sizes.map(\.height).max() ?? 0) + 2 * Measure.gap }

  init(_ figures: [Figure]) {
    let heights = figures.map { $0.size.height + Measure.gap }
    let total = heights.reduce(0, +)
    let count = (total + Measure.columnHeight - 1) / Measure.columnHeight
    // The lowest height with which that many columns are enough.
    var limit = max(heights.max() ?? 0, total / max(1, count))
    while Self.cut(heights, limit).count > count { limit += 4 }
    let columns = Self.cut(heights, limit).map { Array(figures[$0]) }
    self.columns = columns
    sizes = columns.map { column in
      var size = Figure.stack(column).size
      // Shapes stand between the figures of a column.
      size.height =
        column.reduce(0) { $0 + $1.size.height } + Measure.gap * (column.count - 1)
      return size
    }
  }

  private static func cut(_ heights: [Int], _ limit: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    var height = 0
    for (index, next) in heights.enumerated() {
      if height + next > limit, index > start {
        ranges.append(start..<index)
        (start, height) = (index, 0)
      }
      height += next
    }
    return ranges + [start..<heights.count]
  }
}

/// Draws figures at their places.
private struct Painter {
  var canvas = SVGCanvas()

  mutating func draw(_ columns: Columns, input: Shape) {
    var left = Measure.margin
    let top = Measure.header + Measure.margin
    var shape = input
    // Where the column before was left.
    var exit: (x: Int, y: Int)?
    for (column, size) in zip(columns.columns, columns.sizes) {
      let x = left + size.axis
      if let exit {
        let middle = left - Measure.columnGap / 2
        canvas.line([
          exit, (exit.x, exit.y + Measure.gap / 2), (middle, exit.y + Measure.gap / 2),
          (middle, top - Measure.gap / 2), (x, top - Measure.gap / 2), (x, top + Measure.gap),
        ])
        label(shape, x: x, y: top + Measure.gap)
      } else {
        arrow(x: x, from: top, to: top + Measure.gap, shape)
      }
      var bottom = top + Measure.gap
      for (index, figure) in column.enumerated() {
        if index > 0 {
          arrow(x: x, from: bottom, to: bottom + Measure.gap, column[index - 1].output)
          bottom += Measure.gap
        }
        bottom = draw(figure, x: x, y: bottom)
      }
      shape = column.last { !$0.isLine }?.output ?? shape
      exit = (x, bottom)
      left += size.columnWidth + Measure.columnGap
    }
    if let exit { arrow(x: exit.x, from: exit.y, to: exit.y + Measure.gap, shape) }
  }

  /// An arrow downwards with the shape of what flows, where that is known.
  private mutating func arrow(x: Int, from start: Int, to end: Int, _ shape: Shape?) {
    canvas.line([(x, start), (x, end)])
    if let shape { label(shape, x: x, y: end) }
  }

  /// A shape beside the arrow that ends at `y`.
  private mutating func label(_ shape: Shape, x: Int, y: Int) {
    canvas.text(written(shape), "note", x: x + 8, y: y - Measure.gap / 2 + 4)
  }

  /// Draws the figures of a block below each other, entered at (x, y), and returns where they end.
  private mutating func draw(_ figures: [Figure], x: Int, y: Int) -> Int {
    var y = y
    for (index, figure) in figures.enumerated() {
      if index > 0 {
        canvas.line([(x, y), (x, y + figure.gapBefore)], arrow: !figure.beginsWithFork)
        y += figure.gapBefore
      }
      y = draw(figure, x: x, y: y)
    }
    return y
  }

  /// Draws a figure, entered at (x, y), and returns where it ends.
  private mutating func draw(_ figure: Figure, x: Int, y: Int) -> Int {
    switch figure {
    case .box(let box): return draw(box, x: x, y: y)
    case .stack(let figures): return draw(figures, x: x, y: y)
    case .frame(let title, let parameters, let inner):
      let size = figure.size
      let left = x - size.axis
      canvas.rectangle("frame", x: left, y: y, width: size.width, height: size.height, radius: 8)
      canvas.text(title, "title", x: left + 10, y: y + 17)
      if parameters > 0 {
        canvas.text(grouped(parameters), "note", x: left + size.width - 10, y: y + 17, anchor: "end")
      }
      let first = y + Measure.frameTitle + Measure.framePadding
      canvas.line([(x, y), (x, first)], arrow: !inner.beginsWithFork)
      let end = draw(inner, x: x, y: first)
      canvas.line([(x, end), (x, y + size.height)], arrow: false)
      return y + size.height
    case .branches(let figures, let junction, _):
      return Figure.joinsFromTheSide(figures)
        ? drawSide(figures[0], figures[1], junction, x: x, y: y)
        : drawBranches(figures, junction, size: figure.size, x: x, y: y)
    }
  }

  private mutating func draw(_ box: Figure.Box, x: Int, y: Int) -> Int {
    let (left, width) = (x - box.width / 2, box.width)
    let style = box.family == .change ? "changes" : box.family.rawValue
    let place = box.path.isEmpty ? "" : "\(box.path): "
    canvas.group("\(place)\(box.title), \(grouped(box.parameters)) parameters, result \(box.output)") {
      canvas in
      canvas.rectangle(style, x: left, y: y, width: width, height: box.height)
      let detail = [box.detail, box.parameters > 0 ? grouped(box.parameters) : ""]
      canvas.text(box.title, "title", x: x, y: y + 16, anchor: "middle")
      var bottom = y + Measure.titleHeight
      if detail != ["", ""] {
        let isAlone = detail.contains("")
        if isAlone {
          canvas.text(detail.joined(), "note", x: x, y: bottom + 8, anchor: "middle")
        } else {
          canvas.text(detail[0], "note", x: left + 8, y: bottom + 8)
          canvas.text(detail[1], "note", x: left + width - 8, y: bottom + 8, anchor: "end")
        }
        bottom += Measure.detailHeight
      }
      guard !box.changes.isEmpty else { return }
      canvas.rectangle("change", x: left, y: bottom, width: width, height: Measure.changesHeight)
      canvas.text(
        box.changes.joined(separator: " · "), "small", x: x, y: bottom + 13, anchor: "middle")
    }
    return y + box.height
  }

  /// A main branch with another beside it, which meets it in a junction from the right.
  private mutating func drawSide(
    _ main: Figure, _ side: Figure, _ junction: Structure.Junction, x: Int, y: Int
  ) -> Int {
    let (mainSize, sideSize) = (main.size, side.size)
    let sideX = x - mainSize.axis + mainSize.width + Measure.branchGap + sideSize.axis
    let first = y + Measure.fork
    let joint = first + max(mainSize.height, sideSize.height) + Measure.fork + Measure.junctionHeight / 2
    canvas.line([(x, y), (x, first)])
    let end = draw(main, x: x, y: first)
    canvas.line([(x, end), (x, joint - Measure.junctionHeight / 2)])
    // The junction's half width.
    let half = junction == .sum ? Measure.junctionHeight / 2 : 24
    let turn = y + Measure.fork / 2
    if side.isLine {
      canvas.line([(x, turn), (sideX, turn), (sideX, joint), (x + half, joint)])
    } else {
      canvas.line([(x, turn), (sideX, turn), (sideX, first)])
      let sideEnd = draw(side, x: sideX, y: first)
      canvas.line([(sideX, sideEnd), (sideX, joint), (x + half, joint)])
    }
    draw(junction, x: x, y: joint, half: half)
    return joint + Measure.junctionHeight / 2
  }

  /// Branches side by side, which end in one bar.
  private mutating func drawBranches(
    _ figures: [Figure], _ junction: Structure.Junction, size: FigureSize, x: Int, y: Int
  ) -> Int {
    let sizes = figures.map(\.size)
    let turn = y + Measure.fork / 2
    let first = y + Measure.fork
    let bar = first + (sizes.map(\.height).max() ?? 0) + Measure.fork
    var left = x - size.axis
    canvas.line([(x, y), (x, turn)], arrow: false)
    for (figure, size) in zip(figures, sizes) {
      let place = left + size.axis
      canvas.line([(x, turn), (place, turn), (place, figure.isLine ? bar : first)])
      if !figure.isLine {
        let end = draw(figure, x: place, y: first)
        canvas.line([(place, end), (place, bar)])
      }
      left += size.width + Measure.branchGap
    }
    draw(junction, x: x, y: bar + Measure.junctionHeight / 2, half: size.width / 2 - 8)
    return bar + Measure.junctionHeight
  }

  private mutating func draw(_ junction: Structure.Junction, x: Int, y: Int, half: Int) {
    let height = Measure.junctionHeight
    switch junction {
    case .sum where half == height / 2:
      canvas.circle("junction", x: x, y: y, radius: half)
      canvas.line([(x - 5, y), (x + 5, y)], arrow: false)
      canvas.line([(x, y - 5), (x, y + 5)], arrow: false)
    case .sum, .concatenation:
      canvas.rectangle(
        "junction", x: x - half, y: y - height / 2, width: 2 * half, height: height, radius: height / 2)
      canvas.text(junction == .sum ? "add" : "concat", "small", x: x, y: y + 4, anchor: "middle")
    }
  }
}
