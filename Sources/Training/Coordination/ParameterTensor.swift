import Checkpoints
import Failures
import Layers
import Tensors

/// A network's parameter, a moment of it, or a running statistic, as PyTorch sees it: in PyTorch's order, converted while it is copied.
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

  /// Every parameter and running statistic of a network, under its name in `state_dict`.
  static func model(of network: Network) -> [ParameterTensor] {
    tensors(network.parameters + network.statistics, in: network.values)
  }

  /// What a run is for, under the names of `state_dict`: the averaged values, where there is an average.
  ///
  /// - Parameter place: where the elements of one of the replica's buffers are: there, or in a copy.
  static func model(
    of replica: Replica, in place: (FloatBuffer) -> FloatBuffer = { $0 }
  ) -> [ParameterTensor] {
    tensors(
      replica.network.parameters + replica.network.statistics,
      in: place(replica.average?.values ?? replica.network.values))
  }

  /// What training goes on from besides the model: every moment, `exp_avg.0.weight`, where gradients are sent in 16 bits what rounding
  /// has left, `residual.0.weight`, and where the model is an average the values that are trained, `parameters.0.weight`.
  static func training(
    of replica: Replica, in place: (FloatBuffer) -> FloatBuffer = { $0 }
  ) -> [ParameterTensor] {
    let network = replica.network
    let moments = replica.wholeMoments.flatMap {
      tensors(network.parameters, in: place($0.buffer), prefix: "\($0.name).")
    }
    let residual = replica.residual.map {
      tensors($0.parameters, in: place($0.buffer), prefix: "residual.")
    }
    let parameters = replica.average.map { _ in
      tensors(network.parameters + network.statistics, in: place(network.values), prefix: "parameters.")
    }
    return moments + (residual ?? []) + (parameters ?? [])
  }

  private static func tensors(
    _ parameters: [Parameter], in buffer: FloatBuffer, prefix: String = ""
  ) -> [ParameterTensor] {
    parameters.map { ParameterTensor(name: prefix + $0.name, parameter: $0, buffer: buffer) }
  }
}

extension Network {
  /// The counters of batches, as PyTorch keeps them.
  var integers: [IntegerTensor] {
    zip(counters, batchesTracked).map { IntegerTensor($0, values: [$1]) }
  }
}

extension SafetensorsReader {
  /// Fills a model's tensors and the counters of its network.
  ///
  /// - Throws: as ``load(into:integers:ignoring:)``; nothing is loaded then.
  func load(into tensors: [ParameterTensor], countersOf network: Network) throws(Failure) {
    try load(into: tensors, integers: network.counters)
    for (index, name) in network.counters.enumerated() {
      network.batchesTracked[index] = try integers(name)[0]
    }
  }
}
