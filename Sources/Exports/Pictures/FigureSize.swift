import Layers

/// How much room a figure takes, in pixels, and where it is entered from above and left below.
struct FigureSize {
  var width: Int
  var height: Int
  /// From the left edge to the line through the figure.
  var axis: Int
}

/// The measures of the picture, in pixels.
enum Measure {
  static let boxWidth = 156
  static let narrowBoxWidth = 124
  static let titleHeight = 24
  static let detailHeight = 16
  static let changesHeight = 18
  /// Between boxes, with room for a shape.
  static let gap = 28
  /// The same without a shape, and in front of branches, which part by themselves.
  static let plainGap = 20
  static let forkGap = 6
  /// Between branches, and between a main branch and the line beside it.
  static let branchGap = 18
  /// Above and below branches, where lines part and come together.
  static let fork = 16
  static let junctionHeight = 20
  static let framePadding = 14
  static let frameTitle = 22
  static let columnGap = 52
  static let margin = 28
  static let header = 62
  /// Columns are cut so that none is much longer.
  static let columnHeight = 900
  /// What a shape beside an arrow may take, and a letter of a title.
  static let shapeWidth = 74
  static let letterWidth = 8
}

extension Figure.Box {
  var height: Int {
    let hasDetail = !detail.isEmpty || parameters > 0
    return Measure.titleHeight + (hasDetail ? Measure.detailHeight : 0)
      + (changes.isEmpty ? 0 : Measure.changesHeight)
  }
}

extension Figure {
  /// Whether the branches are a main one with a line or a few boxes beside it that join it from the side.
  static func joinsFromTheSide(_ branches: [Figure]) -> Bool {
    branches.count == 2 && (branches[1].isLine || branches[1].isBox)
  }

  private var isBox: Bool {
    if case .box = self { return true }
    return false
  }

  /// Room for the arrow from the figure before it, within a block.
  var gapBefore: Int { beginsWithFork ? Measure.forkGap : Measure.plainGap }

  /// Whether a line runs into it rather than an arrow.
  var beginsWithFork: Bool {
    switch self {
    case .branches: true
    case .stack(let figures): figures.first?.beginsWithFork ?? false
    case .box, .frame: false
    }
  }

  var size: FigureSize {
    switch self {
    case .box(let box):
      return FigureSize(width: box.width, height: box.height, axis: box.width / 2)
    case .stack(let figures):
      let sizes = figures.map(\.size)
      let left = sizes.map(\.axis).max() ?? 0
      let right = sizes.map { $0.width - $0.axis }.max() ?? 0
      let gaps = figures.dropFirst().reduce(0) { $0 + $1.gapBefore }
      return FigureSize(
        width: left + right, height: sizes.reduce(gaps) { $0 + $1.height }, axis: left)
    case .branches(let figures, _, _):
      let sizes = figures.map(\.size)
      let width = sizes.reduce(Measure.branchGap * (sizes.count - 1)) { $0 + $1.width }
      let height = (sizes.map(\.height).max() ?? 0) + 2 * Measure.fork + Measure.junctionHeight
      let axis = Self.joinsFromTheSide(figures) ? sizes[0].axis : width / 2
      return FigureSize(width: width, height: height, axis: axis)
    case .frame(let title, _, let figure):
      let size = figure.size
      // The title stands left of the line that enters the frame.
      let left = max(size.axis, title.count * Measure.letterWidth + 8)
      let right = max(size.width - size.axis, left)
      return FigureSize(
        width: left + right + 2 * Measure.framePadding,
        height: size.height + Measure.frameTitle + 2 * Measure.framePadding,
        axis: left + Measure.framePadding)
    }
  }
}
