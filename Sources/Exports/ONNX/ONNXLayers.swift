import Failures
import Layers

/// A layer that operators of ONNX can express.
protocol ONNXExpressible: Layer {
  /// Appends the nodes that compute the layer from the value `input` and returns their result's name.
  func express(
    _ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder
  ) throws(Failure) -> String
}

extension Conv2D: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    let (weight, bias) = (
      builder.parameter("\(step.path).weight"), builder.parameter("\(step.path).bias")
    )
    return builder.append(
      "Conv", [input, weight, bias], at: step.path,
      ONNXAttribute.window(kernel: kernel, stride: stride, padding: padding))
  }
}

extension PartialConv2D: ONNXExpressible {
  /// A convolution whose missing connections are zeros.
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    let name = "\(step.path).weight"
    let shape = builder.shape(of: name)
    var values = builder.values(of: name)
    let (inputs, window) = (shape[1], shape[2] * shape[3])
    for index in values.indices where !table[index / (inputs * window)].contains(index / window % inputs) {
      values[index] = 0
    }
    let (weight, bias) = (
      builder.constant(name, shape: shape, values), builder.parameter("\(step.path).bias")
    )
    return builder.append(
      "Conv", [input, weight, bias], at: step.path, ONNXAttribute.window(kernel: kernel, stride: 1))
  }
}

extension Subsampling: ONNXExpressible {
  /// The sum of each window times its channel's weight is a convolution of each channel by itself.
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    let weights = builder.values(of: "\(step.path).weight")
    let weight = builder.constant(
      "\(step.path).weight", shape: [weights.count, 1, 2, 2],
      weights.flatMap { Array(repeating: $0, count: 4) })
    let sum = builder.append(
      "Conv", [input, weight, builder.parameter("\(step.path).bias")], at: step.path,
      ONNXAttribute.window(kernel: 2, stride: 2) + [.integer("group", weights.count)])
    return builder.append("Sigmoid", [sum], at: step.path)
  }
}

extension RadialBasis: ONNXExpressible {
  /// -sum over i of (x_i - w_ki)^2: the differences are (N,1,I) - (K,I), as many as PyTorch's.
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    let codes = builder.parameter("\(step.path).weight")
    let axis = builder.constant("\(step.path).axis", [1])
    let row = builder.append("Unsqueeze", [input, axis], at: step.path)
    let difference = builder.append("Sub", [row, codes], at: step.path)
    let distance = builder.append(
      "ReduceSumSquare", [difference], at: step.path, [.integers("axes", [2]), .integer("keepdims", 0)])
    return builder.append("Neg", [distance], at: step.path)
  }
}

extension BatchNorm: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    let inputs = ["weight", "bias", "running_mean", "running_var"].map {
      builder.parameter("\(step.path).\($0)")
    }
    return builder.append(
      "BatchNormalization", [input] + inputs, at: step.path, [.float("epsilon", BatchNorm.epsilon)])
  }
}

extension Linear: ONNXExpressible {
  /// Gemm with the weight transposed, which PyTorch keeps as (outputs, inputs).
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    let (weight, bias) = (
      builder.parameter("\(step.path).weight"), builder.parameter("\(step.path).bias")
    )
    return builder.append("Gemm", [input, weight, bias], at: step.path, [.integer("transB", 1)])
  }
}

extension MaxPool: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append(
      "MaxPool", [input], at: step.path,
      ONNXAttribute.window(kernel: kernel, stride: stride, padding: padding))
  }
}

extension AveragePool: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append(
      "AveragePool", [input], at: step.path, ONNXAttribute.window(kernel: kernel, stride: stride))
  }
}

extension AdaptiveAveragePool: ONNXExpressible {
  /// The global average, or windows of one size where the image can be cut into them.
  func express(
    _ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder
  ) throws(Failure) -> String {
    if size == 1 { return builder.append("GlobalAveragePool", [input], at: step.path) }
    guard step.input.height == step.input.width, step.input.height.isMultiple(of: size) else {
      throw Failure(
        .configuration, "ONNX has no average over \(size)x\(size) cells of \(step.input)", at: step.path,
        advice: "give an --image-size with which the cells are of one size")
    }
    let window = step.input.height / size
    return builder.append(
      "AveragePool", [input], at: step.path, ONNXAttribute.window(kernel: window, stride: window))
  }
}

extension Flatten: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append("Flatten", [input], at: step.path)
  }
}

extension Softmax: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append("Softmax", [input], at: step.path)
  }
}

extension Dropout: ONNXExpressible {
  /// Drops nothing outside of training.
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String { input }
}

extension ReLU: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append("Relu", [input], at: step.path)
  }
}

extension Sigmoid: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append("Sigmoid", [input], at: step.path)
  }
}

extension Tanh: ONNXExpressible {
  func express(_ input: String, _ step: Architecture.Step, in builder: inout ONNXBuilder) -> String {
    builder.append("Tanh", [input], at: step.path)
  }
}
