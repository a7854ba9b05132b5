/// Rows of text whose columns stand below each other.
struct TextTable {
  enum Alignment {
    case left, right
  }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// - Parameter columns: the titles, which are the first row.
  init(_ columns: [(title: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.title)]
  }

  /// Adds a row with a text for each column.
  mutating func append(_ row: [String]) {
    precondition(row.count == alignments.count, "a row has a text for each column")
    rows.append(row)
  }

  /// A line for each row; two spaces between columns, none at the end.
  var text: String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let cells = row.indices.map { column in
        let fill = String(repeating: " ", count: widths[column] - row[column].count)
        return alignments[column] == .left ? row[column] + fill : fill + row[column]
      }
      return cells.joined(separator: "  ").trimmingSuffix(" ")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension String {
  /// Without the characters `character` at its end.
  func trimmingSuffix(_ character: Character) -> String {
    var rest = self[...]
    while rest.last == character { rest.removeLast() }
    return String(rest)
  }
}
