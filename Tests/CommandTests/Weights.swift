import Foundation

/// The tensors of a safetensors file, for tests that look into a run's checkpoints.
struct Weights {
  /// Names in the order of the file, and all elements in one row.
  let names: [String]
  let values: [Float]
  /// Where each tensor lies in the body.
  private let ranges: [String: Range<Int>]
  /// The bytes behind the header.
  let body: Data

  init(_ path: String) throws {
    let file = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try JSONSerialization.jsonObject(with: file[8..<8 + length]) as? [String: Any] ?? [:]
    let offsets = header.compactMapValues { ($0 as? [String: Any])?["data_offsets"] as? [Int] }
    names = offsets.sorted { $0.value[0] < $1.value[0] }.map(\.key)
    ranges = offsets.mapValues { $0[0]..<$0[1] }
    let body = Data(file.dropFirst(8 + length))
    self.body = body
    values = body.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// The elements of one tensor of float32.
  subscript(name: String) -> [Float] {
    guard let range = ranges[name] else { return [] }
    return Array(values[range.lowerBound / 4..<range.upperBound / 4])
  }

  /// Those of a run's checkpoint after a step.
  static func model(of run: String, step: Int) throws -> Weights {
    try Weights(checkpoint(of: run, step: step) + "/model.safetensors")
  }

  static func optimizer(of run: String, step: Int) throws -> Weights {
    try Weights(checkpoint(of: run, step: step) + "/optimizer.safetensors")
  }
}

/// The directory of a run's checkpoint.
func checkpoint(of run: String, step: Int) -> String {
  run + "/checkpoints/step-" + String(String(100_000_000 + step).dropFirst())
}

/// The state of a run's newest checkpoint.
func lastState(of run: String) throws -> [String: Any] {
  let file = URL(fileURLWithPath: run + "/checkpoints/last/state.json")
  return try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
}
