import Checkpoints
import Layers
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
    tensors(of: network, in: network.values, prefix: "")
  }

  /// What a run is for, under the names of `state_dict`: the averaged values, where there is an average.
  static func model(of replica: Replica) -> [ParameterTensor] {
    tensors(of: replica.network, in: replica.average?.values ?? replica.network.values, prefix: "")
  }

  /// What training goes on from besides the model: every moment, `exp_avg.0.weight`, and where the model is an average
  /// the values that are trained, `parameters.0.weight`.
  static func training(of replica: Replica) -> [ParameterTensor] {
    let raw = replica.average == nil ? [] : [(name: "parameters", buffer: replica.network.values)]
    return (replica.optimizer.moments + raw).flatMap {
      tensors(of: replica.network, in: $0.buffer, prefix: "\($0.name).")
    }
  }

  private static func tensors(
    of network: Network, in buffer: FloatBuffer, prefix: String
  ) -> [ParameterTensor] {
    network.parameters.map { ParameterTensor(name: prefix + $0.name, parameter: $0, buffer: buffer) }
  }
}
