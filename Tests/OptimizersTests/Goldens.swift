import Foundation
import Optimizers
import Tensors
import Testing

/// Five steps of each optimizer, made by scripts/goldens/optimizers.py.
struct Goldens: Decodable {
  struct Case: Decodable {
    let name: String
    let clips: Bool
    /// The parameters after each step.
    let steps: [[[Float]]]
    let moments: [String: [[Float]]]
  }

  let decays: [Bool]
  let rates: [Float]
  let limit: Double
  let start: [[Float]]
  let gradients: [[[Float]]]
  let cases: [Case]

  static func read() throws -> Goldens {
    try JSONDecoder().decode(Goldens.self, from: fixture("optimizers"))
  }

  /// Where the parameters lie: each begins on a cache line.
  var spans: [ParameterSpan] {
    var offset = 0
    return zip(start, decays).map { values, decays in
      defer { offset += FloatBuffer.aligned(values.count) }
      return ParameterSpan(offset: offset, count: values.count, decays: decays)
    }
  }
}

func fixture(_ name: String) throws -> Data {
  let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures")
  return try Data(contentsOf: #require(url))
}

extension [ParameterSpan] {
  /// A flat buffer with values in these spans, zeros between them, and `behind` in a cache line more.
  func buffer(_ values: [[Float]], behind: Float = 0) -> FloatBuffer {
    let count = FloatBuffer.aligned(self[self.count - 1].offset + self[self.count - 1].count)
    let buffer = FloatBuffer(count: count + FloatBuffer.alignment)
    for (span, tensor) in zip(self, values) {
      for (index, value) in tensor.enumerated() { buffer.base[span.offset + index] = value }
    }
    for index in count..<buffer.count { buffer.base[index] = behind }
    return buffer
  }

  func values(in buffer: FloatBuffer) -> [[Float]] {
    map { span in (0..<span.count).map { buffer.base[span.offset + $0] } }
  }
}
