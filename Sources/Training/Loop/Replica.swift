import Collectives
import Datasets
import Failures
import Kernels
import Layers
import Models
import Optimizers
import Tensors

/// A rank's copy of what is trained: the network, its optimizer, and how they come to be the same on every rank.
public final class Replica {
  public let network: Network
  public let optimizer: any Optimizer
  private let rank: Rank

  init(_ settings: TrainingSettings, graph: Graph, capacity: Int, rank: Rank) {
    self.rank = rank
    network = Network(graph, capacity: capacity, training: true, kernels: rank.kernels)
    let spans = network.parameters.map {
      ParameterSpan(offset: $0.slot.offset, count: $0.slot.count, decays: true)
    }
    optimizer =
      switch settings.optimizer {
      case .sgd:
        SGD(
          spans, momentum: settings.momentum, weightDecay: settings.weightDecay, kernels: rank.kernels)
      case .adam: Adam(spans, weightDecay: settings.weightDecay, kernels: rank.kernels)
      }
  }

  /// Gives every rank the coordinator's parameters and moments.
  func broadcast() throws(Failure) {
    for buffer in [network.values] + optimizer.moments.map(\.buffer) {
      try rank.communication.broadcast(UnsafeMutableRawBufferPointer(buffer.elements), from: 0)
    }
  }

  /// The operators of the settings' model.
  ///
  /// - Throws: `configuration` where the model cannot take the image size; says the smallest that it takes.
  static func graph(_ settings: TrainingSettings) throws(Failure) -> Graph {
    guard let model = ModelRegistry.named(settings.model) else { throw unknownModel(settings.model) }
    let size = settings.imageSize ?? model.input.height
    do {
      return try model.graph(size: size, classes: settings.classes, dropout: settings.dropout)
    } catch {
      throw Failure(
        .configuration, "\(model.name) cannot take \(size)x\(size) images: \(error)", at: "--image-size",
        advice: "give at least \(model.smallestSize(classes: settings.classes))")
    }
  }

  /// Bytes of parameters and moments: what a checkpoint holds.
  static func checkpointBytes(_ graph: Graph, _ settings: TrainingSettings) -> Int {
    let moments =
      switch settings.optimizer {
      case .adam: 2
      case .sgd: settings.momentum == 0 ? 0 : 1
      }
    return graph.parameterCount * MemoryLayout<Float>.stride * (1 + moments)
  }
}
