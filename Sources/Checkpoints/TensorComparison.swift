import Failures

extension SafetensorsReader {
  /// Compares names, shapes and types with what a model wants.
  ///
  /// - Throws: `badData` with at most ten lines, each a tensor with what is expected and what was found.
  public func compare(
    with sinks: [any TensorSink], integers: [String] = [],
    ignoring: (SafetensorsHeader.Tensor) -> Bool = { _ in false }
  ) throws(Failure) {
    precondition(Set(sinks.map(\.name)).count == sinks.count, "tensor names are unique")
    var differences: [String] = []
    for sink in sinks {
      let found = header[sink.name]
      if let found, found.type.isFloat, found.shape == sink.shape { continue }
      let expected = describe(.float32, sink.shape)
      let what = found.map { describe($0.type, $0.shape) } ?? "nothing"
      differences.append("\(printable(sink.name)): expected \(expected), found \(what)")
    }
    for name in integers {
      let found = header[name]
      if let found, found.type == .int64, found.shape.isEmpty { continue }
      let what = found.map { describe($0.type, $0.shape) } ?? "nothing"
      differences.append("\(printable(name)): expected \(describe(.int64, [])), found \(what)")
    }
    let wanted = Set(sinks.map(\.name) + integers)
    for tensor in header.tensors where !wanted.contains(tensor.name) && !ignoring(tensor) {
      let found = describe(tensor.type, tensor.shape)
      differences.append("\(printable(tensor.name)): expected nothing, found \(found)")
    }
    if differences.isEmpty { return }
    let limit = 10
    let count = differences.count == 1 ? "1 tensor differs" : "\(differences.count) tensors differ"
    let shown = differences.count > limit ? ", of which \(limit) are listed" : ""
    throw Failure(
      .badData, "these are another model's weights: \(count)\(shown)", at: path,
      advice: "name the model that the file was saved from", details: Array(differences.prefix(limit)))
  }

  private func describe(_ type: ElementType, _ shape: [Int]) -> String {
    // Fits any network's shapes; a hostile header can hold thousands of dimensions.
    let limit = 8
    let dimensions = shape.prefix(limit).map(String.init).joined(separator: ", ")
    return "\(type.rawValue) [\(dimensions)\(shape.count > limit ? ", …" : "")]"
  }
}
