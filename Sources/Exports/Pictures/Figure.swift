import Layers
import Telemetry
import Tensors

/// A part of a network as it is drawn: boxes below each other, beside each other, and in frames.
indirect enum Figure {
  case box(Box)
  case stack([Figure])
  /// Parts over the same input, the one that is drawn straight below it first, whose results come together.
  case branches([Figure], Structure.Junction, output: Shape)
  case frame(title: String, parameters: Int, Figure)

  /// A layer, with the normalisations and activations right behind it.
  struct Box {
    var title: String
    var detail: String
    var family: LayerWords.Family
    var parameters: Int
    /// What follows without changing the shape.
    var changes: [String] = []
    /// Where it is in the network, for whoever points at it.
    var path: String
    var output: Shape
    var width = Measure.boxWidth
  }

  /// - Parameter part: frames are drawn around its outermost blocks alone.
  init(_ part: Architecture.Part, isFramed: Bool = false) {
    switch part {
    case .step(let step):
      let words = LayerWords(step.layer)
      self = .box(
        Box(
          title: words.title, detail: words.detail, family: words.family, parameters: step.parameters,
          path: step.path, output: step.output))
    case .sequence(let parts):
      var figures: [Figure] = []
      for part in parts {
        if case .step(let step) = part, case .box(var box)? = figures.last,
          LayerWords(step.layer).family == .change
        {
          box.changes.append(LayerWords(step.layer).title)
          box.parameters += step.parameters
          figures[figures.count - 1] = .box(box)
        } else {
          figures.append(Figure(part, isFramed: isFramed))
        }
      }
      self = figures.count == 1 ? figures[0] : .stack(figures)
    case .branches(let parts, let junction, let output):
      let figures = parts.map {
        parts.count > 2 ? Figure($0, isFramed: isFramed).narrowed : Figure($0, isFramed: isFramed)
      }
      // What passes its input on is a line beside the others.
      self = .branches(figures.filter { !$0.isLine } + figures.filter(\.isLine), junction, output: output)
    case .block(let path, let kind, let parameters, let within):
      let figure = Figure(within, isFramed: true)
      self = isFramed ? figure : .frame(title: "\(kind) \(path)", parameters: parameters, figure)
    }
  }

  /// The same, its boxes as narrow as many branches need them.
  private var narrowed: Figure {
    switch self {
    case .box(var box):
      box.width = Measure.narrowBoxWidth
      return .box(box)
    case .stack(let figures): return .stack(figures.map(\.narrowed))
    case .branches, .frame: return self
    }
  }

  /// Nothing is computed: input and output are the same.
  var isLine: Bool {
    if case .stack(let figures) = self { return figures.allSatisfy(\.isLine) }
    return false
  }

  /// Boxes that a column of a picture may begin with.
  var parts: [Figure] {
    if case .stack(let figures) = self { return figures }
    return [self]
  }

  /// The shape behind it; nil where nothing is computed.
  var output: Shape? {
    switch self {
    case .box(let box): box.output
    case .stack(let figures): figures.last { !$0.isLine }?.output
    case .frame(_, _, let figure): figure.output
    case .branches(_, _, let output): output
    }
  }
}
