import Checkpoints
import Failures
import Files
import Layers
import SwiftProtobuf

/// A network with its weights as an ONNX file (onnx.ai), for the many programs that run such files: opset 17, IR version 8.
///
/// The input is (batch, channels, height, width), values in [0, 1]; the output is (batch, classes), logits. The batch is of any size.
public enum ONNXExport {
  public static let inputName = "images"
  public static let outputName = "logits"
  private static let irVersion: Int64 = 8
  private static let operatorSet: Int64 = 17
  /// Readers of Protocol Buffers take no longer message.
  private static let mostBytes = Int(Int32.max)

  /// Writes the file, whole or not at all.
  ///
  /// - Parameters:
  ///   - tensors: the parameters and running statistics, by PyTorch's names.
  ///   - producer: the program and its version.
  ///   - properties: what else the file shall say about itself, by name.
  /// - Throws: `configuration` where ONNX cannot express the network, `cannotWrite`.
  public static func write(
    _ architecture: Architecture, tensors: [any TensorSource], producer: (name: String, version: String),
    properties: [(name: String, value: String)], to path: String
  ) throws(Failure) {
    let bytes = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } * MemoryLayout<Float>.size
    // A mebibyte is more than all the rest takes.
    guard bytes <= mostBytes - 1 << 20 else {
      throw Failure(
        .configuration, "\(bytes) bytes of weights are more than the 2 GiB that an ONNX file holds", at: path,
        advice: "give --format safetensors")
    }
    var builder = ONNXBuilder(tensors)
    let result = try express(architecture.root, from: inputName, in: &builder)
    var model = ONNXModel()
    model.irVersion = irVersion
    model.producerName = producer.name
    model.producerVersion = producer.version
    model.opsetImport = [.with { $0.version = operatorSet }]
    model.metadataProps = properties.map { property in
      .with { ($0.key, $0.value) = (property.name, property.value) }
    }
    model.graph = builder.finished(
      name: architecture.name,
      input: (inputName, Array(architecture.input.torchSizes(batchSize: 1).dropFirst())),
      output: (outputName, [architecture.output.count]), result: result)
    let serialized: [UInt8]
    do { serialized = try model.serializedBytes() } catch {
      throw Failure(.internalError, "the network cannot be serialized: \(error)", at: path)
    }
    try AtomicFile.write(to: path) { file throws(Failure) in try file.write(serialized) }
  }

  /// Appends the nodes of a part and returns the name of what it computes.
  private static func express(
    _ part: Architecture.Part, from input: String, in builder: inout ONNXBuilder
  ) throws(Failure) -> String {
    switch part {
    case .step(let step):
      guard let layer = step.layer as? any ONNXExpressible else {
        throw Failure(
          .configuration, "ONNX's operators have no form for \(step.layer.kind)", at: step.path,
          advice: "give --format safetensors")
      }
      return try layer.express(input, step, in: &builder)
    case .sequence(let parts):
      var value = input
      for part in parts { value = try express(part, from: value, in: &builder) }
      return value
    case .branches(let parts, let junction, _):
      var values: [String] = []
      for part in parts { values.append(try express(part, from: input, in: &builder)) }
      switch junction {
      case .sum: return builder.append("Add", values, at: "")
      case .concatenation: return builder.append("Concat", values, at: "", [.integer("axis", 1)])
      }
    case .block(_, _, _, let part):
      return try express(part, from: input, in: &builder)
    }
  }
}
