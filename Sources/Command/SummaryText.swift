import Layers
import Telemetry

/// A network as torchinfo 1.8 prints it, to the character.
struct SummaryText {
  let summary: Summary
  let batchSize: Int
  /// Modules in more blocks than this are not shown; their parameters count for the block around them.
  let depth: Int

  private static let columnWidth = 25
  private static let leastNameWidth = 40
  /// What torchinfo allows for the lines of a block, and to what it rounds the width of names.
  private static let step = 5
  /// torchinfo asks Python for the size of the input, which counts the object around its elements too. That decides whether
  /// the sizes of alexnet-half add up to 69.76 or 69.77 MB.
  private static let inputObjectBytes = 64

  var text: String {
    let divider = String(repeating: "=", count: nameWidth + 2 * Self.columnWidth)
    let shown = summary.rows.filter { $0.depth <= depth }
    let (unit, multiplyAdds) = scaled(summary.multiplyAdds * batchSize)
    let total = grouped(summary.parameters)
    let input = summary.inputBytes(batchSize: batchSize) + Self.inputObjectBytes
    let pass = summary.passBytes(batchSize: batchSize)
    let lines =
      [divider, line("Layer (type:depth-idx)", "Output Shape", "Param #"), divider]
      + shown.map { line(indent($0.depth) + name($0), shape($0), parameters($0)) }
      + [
        divider, "Total params: \(total)", "Trainable params: \(total)", "Non-trainable params: 0",
        "Total mult-adds (\(unit)): \(multiplyAdds)", divider,
        "Input size (MB): \(megabytes(input))",
        "Forward/backward pass size (MB): \(megabytes(pass))",
        "Params size (MB): \(megabytes(summary.parameterBytes))",
        "Estimated Total Size (MB): \(megabytes(input + pass + summary.parameterBytes))", divider,
      ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Wide enough for every module, those that are not shown included.
  private var nameWidth: Int {
    let longest = summary.rows.map { name($0).count + $0.depth * Self.step + 1 }.max() ?? 0
    let rounded = (longest + Self.step - 1) / Self.step * Self.step
    return longest < Self.leastNameWidth ? Self.leastNameWidth : rounded
  }

  private func line(_ name: String, _ cells: String...) -> String {
    ([(name, nameWidth)] + cells.map { ($0, Self.columnWidth) })
      .map { text, width in text + String(repeating: " ", count: max(0, width - text.count)) }
      .joined(separator: " ").trimmingSuffix(" ")
  }

  private func indent(_ depth: Int) -> String {
    depth == 0 ? "" : depth == 1 ? "├─" : String(repeating: "│    ", count: depth - 1) + "└─"
  }

  private func name(_ row: Summary.Row) -> String {
    row.depth == 0 ? row.kind : "\(row.kind): \(row.depth)-\(row.index)"
  }

  private func shape(_ row: Summary.Row) -> String {
    row.output.map { "\($0.torchSizes(batchSize: batchSize))" } ?? "--"
  }

  private func parameters(_ row: Summary.Row) -> String {
    let count = row.depth == depth ? row.parameters : row.ownParameters
    return count == 0 ? "--" : grouped(count)
  }

  private func megabytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1e6, 2) }
}

/// An amount in millions, or the largest of G and T that it reaches, with the unit: `4.23` and `M`.
func scaled(_ count: Int) -> (unit: String, text: String) {
  let value = Double(count)
  let (unit, factor) = value >= 1e12 ? ("T", 1e12) : value >= 1e9 ? ("G", 1e9) : ("M", 1e6)
  let scaled = value / factor
  guard scaled.rounded() != scaled else { return (unit, grouped(Int(scaled))) }
  let text = fixed(scaled, 2)
  return (unit, grouped(Int(text.prefix { $0 != "." }) ?? 0) + text.suffix(3))
}
