import Layers
import Telemetry
import Tensors

/// A network as a graph in Graphviz's DOT language (graphviz.org): a node a layer with its parameters, shapes on the arrows, a
/// frame around each block.
public enum DotText {
  public static func of(_ architecture: Architecture) -> String {
    var writer = Writer()
    let title = "\(architecture.name), \(grouped(architecture.parameters)) parameters"
    writer.line("digraph \(quoted(architecture.name)) {")
    writer.depth += 1
    writer.line("graph [label=\(quoted(title)), labelloc=t, fontname=\"Helvetica\"];")
    writer.line(
      "node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=11];")
    writer.line("edge [fontname=\"Helvetica\", fontsize=9];")
    writer.line("images [shape=plain, style=\"\", label=\"images\"];")
    let last = writer.write(
      architecture.root, after: Point(node: "images", shape: architecture.input))
    writer.line("logits [shape=plain, style=\"\", label=\"logits\"];")
    writer.arrow(from: last, to: "logits")
    writer.writeArrows()
    writer.depth -= 1
    writer.line("}")
    return writer.text
  }

  /// A text as DOT reads it.
  fileprivate static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      + "\""
  }

  /// A node and the shape that leaves it.
  fileprivate struct Point {
    var node: String
    var shape: Shape
  }

  private struct Writer {
    var text = ""
    var depth = 0
    private var arrows: [String] = []
    private var nodes = 0
    private var blocks = 0

    mutating func line(_ line: String) { text += String(repeating: "  ", count: depth) + line + "\n" }

    /// Arrows stand behind all frames, for a frame takes in every node that is named within it.
    mutating func arrow(from point: Point, to node: String) {
      arrows.append("\(point.node) -> \(node) [label=\(quoted(" \(point.shape)"))];")
    }

    mutating func writeArrows() {
      for arrow in arrows { line(arrow) }
    }

    private mutating func node(_ label: String, _ attributes: String) -> String {
      nodes += 1
      line("n\(nodes) [label=\(quoted(label))\(attributes)];")
      return "n\(nodes)"
    }

    /// Writes a part behind `point` and returns what it ends in.
    mutating func write(_ part: Architecture.Part, after point: Point) -> Point {
      switch part {
      case .step(let step):
        let words = LayerWords(step.layer)
        var label = words.title
        if !words.detail.isEmpty { label += "\n\(words.detail)" }
        if step.parameters > 0 { label += "\n\(grouped(step.parameters))" }
        let node = node(label, ", tooltip=\(quoted(step.path)), fillcolor=\(quoted(colour(words.family)))")
        arrow(from: point, to: node)
        return Point(node: node, shape: step.output)
      case .sequence(let parts):
        var last = point
        for part in parts { last = write(part, after: last) }
        return last
      case .branches(let parts, let junction, let output):
        let ends = parts.map { write($0, after: point) }
        let node = node(junction == .sum ? "+" : "concat", ", shape=\(junction == .sum ? "circle" : "box")")
        for end in ends { arrow(from: end, to: node) }
        return Point(node: node, shape: output)
      case .block(let path, let kind, let parameters, let within):
        blocks += 1
        line("subgraph cluster_\(blocks) {")
        depth += 1
        let count = parameters > 0 ? ", \(grouped(parameters))" : ""
        line("label=\(quoted("\(kind) \(path)\(count)")); style=rounded; color=gray; fontsize=11;")
        let last = write(within, after: point)
        depth -= 1
        line("}")
        return last
      }
    }

    private func colour(_ family: LayerWords.Family) -> String {
      switch family {
      case .convolution: "#d6e6f8"
      case .pooling: "#fbe3cd"
      case .dense: "#d9efd8"
      case .change, .plain: "#eeeeee"
      }
    }
  }
}
