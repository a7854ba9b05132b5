import Checkpoints
import Layers
import Optimizers
import Tensors

/// A network's parameter, or a moment of it, as PyTorch sees it: in PyTorch's order, converted while it is copied.
struct ParameterTensor: TensorSource, TensorSink {
  let name: String
  private let parameter: Parameter
  private let buffer: FloatBuffer

  var shape: [Int] { parameter.layout.torchShape }

  func read(_ range: Range<Int>, into elements: UnsafeMutableBufferPointer<Float>) {
    parameter.layout.gather(range, from: buffer.base + parameter.slot.offset, into: elements)
  }

  func write(_ range: Range<Int>, from elements: UnsafeBufferPointer<Float>) {
    parameter.layout.scatter(range, from: elements, into: buffer.base + parameter.slot.offset)
  }

  /// Every parameter of a network, under its name in `state_dict`.
  static func parameters(of network: Network) -> [ParameterTensor] {
    network.parameters.map { ParameterTensor(name: $0.name, parameter: $0, buffer: network.values) }
  }

  /// Every moment of an optimizer: `exp_avg.0.weight`.
  static func moments(of optimizer: any Optimizer, network: Network) -> [ParameterTensor] {
    optimizer.moments.flatMap { moment in
      network.parameters.map {
        ParameterTensor(name: "\(moment.name).\($0.name)", parameter: $0, buffer: moment.buffer)
      }
    }
  }
}
