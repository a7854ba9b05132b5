import Checkpoints
import Datasets
import Failures
import Layers

/// A network with the weights of a checkpoint, for answers alone, on every rank of a job.
struct Inference {
  let network: Network
  /// Where the checkpoint's run stood, on the coordinator's rank; nil for a bare file of weights.
  let state: CheckpointState?
  /// Images that a rank computes at once.
  let capacity: Int
  private let rank: Rank

  /// A call for all ranks together; the coordinator reads the checkpoint.
  ///
  /// - Parameters:
  ///   - samples: how many will be asked at most.
  ///   - checkpoint: a run's directory, a checkpoint, or a file of weights.
  init(
    _ graph: Graph, checkpoint: String, samples: Int, batchSize: Int, rank: Rank
  ) throws {
    self.rank = rank
    capacity = max(1, (min(batchSize, samples) + rank.count - 1) / rank.count)
    let network = Network(
      graph, capacity: capacity, training: false, kernels: rank.kernels, team: rank.team(capacity: capacity))
    self.network = network
    state = try rank.together { () throws(Failure) in
      guard rank.isCoordinator else { return nil }
      let opened = try Checkpoint.open(checkpoint)
      try opened.model.load(into: ParameterTensor.model(of: network), countersOf: network)
      return opened.state
    }
    try rank.communication.broadcast(UnsafeMutableRawBufferPointer(network.values.elements), from: 0)
  }

  /// What the network answers to every image of a set. A call for all ranks together.
  ///
  /// - Parameter logits: where every image's logits go, row by row; empty for nowhere.
  func answers(to set: ImageSet, logits: inout [Float]) throws(Failure) -> Outcomes {
    let classes = network.output.count
    var outcomes = Outcomes(count: set.count)
    let evaluator = Evaluator(set, input: network.input, capacity: capacity, rank: rank)
    _ = try evaluator.evaluate(network) { (batch, values) throws(Failure) in
      outcomes.add(batch, values, classes: classes)
      guard !logits.isEmpty else { return }
      for sample in 0..<batch.count {
        let row = Int(batch.samples[sample]) * classes
        for column in 0..<classes { logits[row + column] = values.base[sample * classes + column] }
      }
    }
    try outcomes.gather(on: rank)
    return outcomes
  }
}
