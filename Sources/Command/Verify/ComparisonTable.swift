/// How the tensors of several runs compare with those of the first, layer by layer.
struct ComparisonTable {
  private let layers: [(name: String, tensors: [Int])]
  private var columns: [(name: String, distances: [UInt32])] = []

  /// - Parameter names: of the tensors, as PyTorch's, or those with a moment's name in front.
  init(names: [String]) {
    var layers: [(name: String, tensors: [Int])] = []
    for (index, name) in names.enumerated() {
      let layer = name.split(separator: ".").dropLast().joined(separator: ".")
      if let known = layers.firstIndex(where: { $0.name == layer }) {
        layers[known].tensors.append(index)
      } else {
        layers.append((layer, [index]))
      }
    }
    self.layers = layers
  }

  mutating func add(_ name: String, _ found: [[UInt32]], expected: [[UInt32]]) {
    columns.append((name, zip(found, expected).map { Self.distance($0, $1) }))
  }

  /// The largest distance of two tensors' elements in units in the last place; the largest number where they have not as many.
  static func distance(_ found: [UInt32], _ expected: [UInt32]) -> UInt32 {
    guard found.count == expected.count else { return .max }
    return zip(found, expected).reduce(0) { max($0, distance($1.0, $1.1)) }
  }

  /// Floats between two, 0 and -0 being neighbours.
  private static func distance(_ one: UInt32, _ other: UInt32) -> UInt32 {
    func place(_ bits: UInt32) -> Int64 {
      bits >> 31 == 0 ? Int64(bits) : -Int64(bits & 0x7FFF_FFFF) - 1
    }
    return UInt32(clamping: abs(place(one) - place(other)))
  }

  private func worst(_ column: [UInt32], _ layer: [Int]) -> UInt32 { layer.map { column[$0] }.max() ?? 0 }

  private static func text(_ distance: UInt32) -> String {
    distance == 0 ? "identical" : distance == .max ? "other sizes" : "\(distance) ulp"
  }

  var text: String {
    var table = TextTable([("layer", .left)] + columns.map { ($0.name, .left) })
    for layer in layers {
      table.append([layer.name] + columns.map { Self.text(worst($0.distances, layer.tensors)) })
    }
    return String(table.text.dropLast())
  }

  /// A line for each run with differences.
  var differences: [String] {
    columns.compactMap { name, distances in
      let count = layers.count { worst(distances, $0.tensors) > 0 }
      guard count > 0 else { return nil }
      return "\(name): \(count) of \(layers.count) layers differ, by up to \(Self.text(distances.max() ?? 0))"
    }
  }
}
