import Foundation
import Layers
import Models
import Tensors
import Testing

/// torchinfo's numbers for every network; `scripts/goldens/summaries.py` makes the fixture.
@Suite struct SummaryTests {
  struct Module: Decodable, Equatable {
    var kind: String
    var depth: Int
    var index: Int
    var shape: [Int]?
    var parameters: Int
    var multAdds: Int

    init(_ row: Summary.Row, batchSize: Int) {
      (kind, depth, index, parameters) = (row.kind, row.depth, row.index, row.parameters)
      shape = row.output?.torchSizes(batchSize: batchSize)
      multAdds = row.multiplyAdds * batchSize
    }

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      kind = try values.decode(String.self)
      depth = try values.decode(Int.self)
      index = try values.decode(Int.self)
      shape = try values.decodeIfPresent([Int].self)
      parameters = try values.decode(Int.self)
      multAdds = try values.decode(Int.self)
    }
  }

  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    var model: String
    var batch: Int
    var parameters: Int
    var multAdds: Int
    var passBytes: Int
    var parameterBytes: Int
    /// Input, forward and backward, parameters, all: as printed.
    var megabytes: [String]
    var modules: [Module]
    var testDescription: String { "\(model), batch \(batch)" }
  }

  /// Bytes of Python's object around the input's elements, which torchinfo counts.
  static let inputObject = 64

  static let goldens: [Golden] = {
    let url = Bundle.module.url(forResource: "summaries", withExtension: "json", subdirectory: "Fixtures")
    guard let url, let data = try? Data(contentsOf: url) else { return [] }
    return (try? JSONDecoder().decode([Golden].self, from: data)) ?? []
  }()

  private func summary(_ name: String) throws -> Summary {
    let model = try #require(ModelRegistry.named(name))
    return Summary(try model.graph(size: model.input.height, classes: model.classes))
  }

  @Test func theFixtureHasEveryNetworkTwice() {
    let expected = ModelRegistry.all.flatMap { ["\($0.name), batch 1", "\($0.name), batch 10"] }
    #expect(Self.goldens.map(\.testDescription) == expected)
  }

  @Test(arguments: goldens) func everyModuleIsThatOfTorchinfo(golden: Golden) throws {
    let rows = try summary(golden.model).rows.map { Module($0, batchSize: golden.batch) }
    #expect(rows.count == golden.modules.count)
    for (row, module) in zip(rows, golden.modules) { #expect(row == module) }
  }

  @Test(arguments: goldens) func totalsAreThoseOfTorchinfo(golden: Golden) throws {
    let summary = try summary(golden.model)
    #expect(summary.parameters == golden.parameters)
    #expect(summary.multiplyAdds * golden.batch == golden.multAdds)
    #expect(summary.passBytes(batchSize: golden.batch) == golden.passBytes)
    #expect(summary.parameterBytes == golden.parameterBytes)
    let bytes = [
      summary.inputBytes(batchSize: golden.batch) + Self.inputObject, golden.passBytes, golden.parameterBytes,
      summary.totalBytes(batchSize: golden.batch) + Self.inputObject,
    ]
    #expect(bytes.map { String(format: "%.2f", Double($0) / 1e6) } == golden.megabytes)
  }

  /// Parameters and connections as LeCun et al. (1998) give them; OUTPUT has one for each element of its ten codes of 84.
  @Test func connectionsOfLeNet5AreThoseOfThePaper() throws {
    let model = try #require(ModelRegistry.named("lenet5-1998"))
    let layers = try summary(model.name).rows.filter { $0.ownParameters > 0 }
    #expect(model.layerNames == ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"])
    #expect(layers.map(\.connectedParameters) == [156, 12, 1516, 32, 48120, 10164, 840])
    #expect(layers.map(\.connections) == [122_304, 5880, 151_600, 2000, 48120, 10164, 840])
  }

  /// A vector and a normalised image by hand.
  @Test func connectionsAreOutputPositionsTimesWeightsAndBiases() throws {
    let layers = Sequential {
      Conv2D(3, kernel: 2)
      BatchNorm()
      MaxPool(2)
      Flatten()
      Linear(5)
    }
    let summary = Summary(try Graph(layers, input: Shape(height: 5, width: 5, channels: 1)))
    #expect(summary.rows.map(\.connections) == [0, 16 * 15, 16 * 6, 0, 0, 65])
    #expect(summary.rows.map(\.multiplyAdds) == [0, 16 * 15, 6, 0, 0, 65])
    #expect(summary.rows.map(\.parameters) == [86, 15, 6, 0, 0, 65])
  }

  @Test func layersOfAPaperAreNamedAllOrNot() throws {
    for model in ModelRegistry.all where !model.layerNames.isEmpty {
      #expect(try summary(model.name).rows.filter { $0.ownParameters > 0 }.count == model.layerNames.count)
    }
  }
}
