import Foundation
import Layers
import Models

/// A network's modules and costs for programs: what `cnn-dist summary --json` prints.
struct SummaryRecord: Encodable {
  struct Row: Encodable {
    let name: String
    let kind: String
    let depth: Int
    let index: Int
    let outputShape: [Int]?
    let parameters: Int
    let connectedParameters: Int
    let multAdds: Int
    let connections: Int
    /// The layer in the paper.
    let paperName: String?
  }

  let model: String
  let batchSize: Int
  let inputShape: [Int]
  let modules: [Row]
  let parameters: Int
  let multAdds: Int
  let inputBytes: Int
  let forwardBackwardBytes: Int
  let parameterBytes: Int
  let totalBytes: Int

  /// - Parameter depth: modules in more blocks than this are left out.
  init(_ summary: Summary, of model: Model, batchSize: Int, depth: Int) {
    let paperNames = Dictionary(
      uniqueKeysWithValues: zip(summary.rows.filter { $0.ownParameters > 0 }.map(\.name), model.layerNames))
    self.model = model.name
    self.batchSize = batchSize
    inputShape = summary.input.torchSizes(batchSize: batchSize)
    modules = summary.rows.filter { $0.depth <= depth }.map { row in
      Row(
        name: row.name, kind: row.kind, depth: row.depth, index: row.index,
        outputShape: row.output?.torchSizes(batchSize: batchSize), parameters: row.parameters,
        connectedParameters: row.connectedParameters, multAdds: row.multiplyAdds * batchSize,
        connections: row.connections, paperName: paperNames[row.name])
    }
    parameters = summary.parameters
    multAdds = summary.multiplyAdds * batchSize
    inputBytes = summary.inputBytes(batchSize: batchSize)
    forwardBackwardBytes = summary.passBytes(batchSize: batchSize)
    parameterBytes = summary.parameterBytes
    totalBytes = summary.totalBytes(batchSize: batchSize)
  }
}

/// A value as JSON for programs: `snake_case` keys in order, indented.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
