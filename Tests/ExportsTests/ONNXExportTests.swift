import Checkpoints
import Exports
import Failures
import Foundation
import Layers
import Tensors
import Testing

/// Numbers 0, 1, 2, ... in every tensor.
private struct Counting: TensorSource {
  let name: String
  let shape: [Int]

  func read(_ range: Range<Int>, into elements: UnsafeMutableBufferPointer<Float>) {
    for (index, value) in range.enumerated() { elements[index] = Float(value) }
  }
}

/// Computes something that ONNX has no word for.
private struct Riddle: Layer {
  var kind: String { "Riddle" }
  func outputShape(for input: Shape) -> Shape { input }
  func lower(_ input: Value, into graph: inout Graph) throws(ShapeError) -> Value { input }
}

@Suite struct ONNXExportTests {
  private func write(_ model: Sequential, input: Shape) throws -> ONNXModel {
    let graph = try Graph(model, input: input)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).onnx").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let tensors = (graph.parameters + graph.statistics).map {
      Counting(name: $0.name, shape: $0.layout.torchShape)
    }
    try ONNXExport.write(
      Architecture(model, name: "small", graph: graph), tensors: tensors, producer: ("test", "1"),
      properties: [("model", "small")], to: path)
    return try ONNXModel(serializedBytes: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func floats(_ tensor: ONNXTensor) -> [Float] {
    tensor.rawData.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// Of two output channels over two input channels, each sees one.
  @Test func missingConnectionsAreZeros() throws {
    let model = try write(
      Sequential { PartialConv2D([[1], [0]], kernel: 2) }, input: Shape(height: 4, width: 4, channels: 2))
    #expect(model.graph.node.map(\.opType) == ["Conv"])
    #expect(model.graph.initializer[0].dims == [2, 2, 2, 2])
    #expect(floats(model.graph.initializer[0]) == [0, 0, 0, 0, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0])
  }

  @Test func subsamplingIsAConvolutionOfEachChannelByItself() throws {
    let model = try write(
      Sequential { Subsampling() }, input: Shape(height: 4, width: 4, channels: 2))
    #expect(model.graph.node.map(\.opType) == ["Conv", "Sigmoid"])
    #expect(model.graph.node[0].attribute.last?.i == 2)
    #expect(floats(model.graph.initializer[0]) == [0, 0, 0, 0, 1, 1, 1, 1])
  }

  @Test func dropoutLeavesNothingBehindAndTheBatchIsOfAnySize() throws {
    let model = try write(
      Sequential {
        Flatten()
        Linear(3)
        Dropout(0.5)
      }, input: Shape(height: 2, width: 2, channels: 1))
    #expect(model.graph.node.map(\.opType) == ["Flatten", "Gemm"])
    #expect(model.graph.node[1].output == ["logits"])
    #expect(model.irVersion == 8 && model.opsetImport.map(\.version) == [17])
    #expect(model.graph.input[0].type.tensorType.shape.dim.map(\.dimParam) == ["batch", "", "", ""])
    #expect(model.graph.input[0].type.tensorType.shape.dim.map(\.dimValue) == [0, 1, 2, 2])
    #expect(model.graph.output[0].type.tensorType.shape.dim.map(\.dimValue) == [0, 3])
  }

  @Test func whatONNXCannotExpressIsNamed() throws {
    let input = Shape(height: 5, width: 5, channels: 1)
    let riddle = #expect(throws: Failure.self) {
      try write(
        Sequential {
          ReLU()
          Riddle()
        }, input: input)
    }
    #expect(riddle?.code == .configuration)
    #expect(riddle?.description.contains("no form for Riddle (1)") == true)
    let cells = #expect(throws: Failure.self) {
      try write(Sequential { AdaptiveAveragePool(2) }, input: input)
    }
    #expect(cells?.description.contains("2x2 cells of 1x5x5 (0)") == true)
  }
}
