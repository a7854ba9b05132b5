import Checkpoints
import Foundation

/// Collects the nodes and weights of an ONNX graph. Values have PyTorch's order: (N,C,H,W), so that weights are those of the
/// checkpoint, to the byte.
struct ONNXBuilder {
  private(set) var graph = ONNXGraph()
  private let tensors: [String: any TensorSource]
  private var used: [String: Int] = [:]

  init(_ tensors: [any TensorSource]) {
    self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }

  /// Appends a node and returns the name of its result.
  ///
  /// - Parameter path: the module that the node stands for.
  mutating func append(
    _ type: String, _ inputs: [String], at path: String, _ attributes: [ONNXAttribute] = []
  ) -> String {
    let stem = path.isEmpty ? type : "\(path)/\(type)"
    let count = used[stem, default: 0]
    used[stem] = count + 1
    var node = ONNXNode()
    node.name = count == 0 ? stem : "\(stem)_\(count)"
    node.opType = type
    node.input = inputs
    node.output = ["\(node.name)_output"]
    node.attribute = attributes
    graph.node.append(node)
    return node.output[0]
  }

  /// Adds one of the network's parameters, or running statistics, as it is, and returns its name.
  mutating func parameter(_ name: String) -> String {
    constant(name, shape: tensor(name).shape, values(of: name))
  }

  /// Adds numbers under a name of their own, and returns it.
  mutating func constant(_ name: String, shape: [Int], _ values: [Float]) -> String {
    precondition(values.count == shape.reduce(1, *), "\(name): \(values.count) values for \(shape)")
    append(name, shape: shape, Self.float32, values.withUnsafeBytes { Data($0) })
    return name
  }

  /// Adds whole numbers under a name of their own, and returns it.
  mutating func constant(_ name: String, _ values: [Int64]) -> String {
    append(name, shape: [values.count], Self.int64, values.withUnsafeBytes { Data($0) })
    return name
  }

  private mutating func append(_ name: String, shape: [Int], _ type: Int32, _ bytes: Data) {
    var tensor = ONNXTensor()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = type
    tensor.rawData = bytes
    graph.initializer.append(tensor)
  }

  /// A parameter's elements in PyTorch's order.
  func values(of name: String) -> [Float] {
    let tensor = tensor(name)
    let count = tensor.shape.reduce(1, *)
    return [Float](unsafeUninitializedCapacity: count) { elements, filled in
      tensor.read(0..<count, into: UnsafeMutableBufferPointer(rebasing: elements[..<count]))
      filled = count
    }
  }

  func shape(of name: String) -> [Int] { tensor(name).shape }

  private func tensor(_ name: String) -> any TensorSource {
    guard let tensor = tensors[name] else { preconditionFailure("the network has no parameter \(name)") }
    return tensor
  }

  /// The graph under a name, between values of these sizes. The first dimension, the batch, has a name instead of a size.
  func finished(
    name: String, input: (name: String, sizes: [Int]), output: (name: String, sizes: [Int]), result: String
  ) -> ONNXGraph {
    var graph = graph
    graph.name = name
    graph.input = [Self.value(input.name, sizes: input.sizes)]
    graph.output = [Self.value(output.name, sizes: output.sizes)]
    // The last node's result is the output itself, wherever it was computed.
    for index in graph.node.indices {
      graph.node[index].input = graph.node[index].input.map { $0 == result ? output.name : $0 }
      graph.node[index].output = graph.node[index].output.map { $0 == result ? output.name : $0 }
    }
    return graph
  }

  // Element types of TensorProto.
  private static let float32: Int32 = 1
  private static let int64: Int32 = 7

  private static func value(_ name: String, sizes: [Int]) -> ONNXValueInfo {
    var batch = ONNXDimension()
    batch.dimParam = "batch"
    let rest = sizes.map { size in
      var dimension = ONNXDimension()
      dimension.dimValue = Int64(size)
      return dimension
    }
    var value = ONNXValueInfo()
    value.name = name
    value.type.tensorType.elemType = float32
    value.type.tensorType.shape.dim = [batch] + rest
    return value
  }
}

extension ONNXAttribute {
  static func integer(_ name: String, _ value: Int) -> ONNXAttribute {
    var attribute = ONNXAttribute()
    (attribute.name, attribute.type, attribute.i) = (name, .int, Int64(value))
    return attribute
  }

  static func integers(_ name: String, _ values: [Int]) -> ONNXAttribute {
    var attribute = ONNXAttribute()
    (attribute.name, attribute.type, attribute.ints) = (name, .ints, values.map(Int64.init))
    return attribute
  }

  static func float(_ name: String, _ value: Float) -> ONNXAttribute {
    var attribute = ONNXAttribute()
    (attribute.name, attribute.type, attribute.f) = (name, .float, value)
    return attribute
  }

  /// How a square window moves over an image.
  static func window(kernel: Int, stride: Int, padding: Int = 0) -> [ONNXAttribute] {
    [
      .integers("kernel_shape", [kernel, kernel]), .integers("strides", [stride, stride]),
      .integers("pads", Array(repeating: padding, count: 4)),
    ]
  }
}
