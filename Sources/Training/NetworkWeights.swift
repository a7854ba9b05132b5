import Checkpoints
import Failures
import InstructionSets
import Layers

/// A network's weights for other programs: a checkpoint's, or those with which a run would start.
public struct NetworkWeights: Sendable {
  /// The parameters and running statistics, in PyTorch's order under PyTorch's names.
  public let tensors: [any TensorSource]
  /// The counters of batches.
  public let integers: [IntegerTensor]
  /// What the classes are called, in the order of the outputs; nil where the checkpoint does not say.
  public let classNames: [String]?

  /// - Parameters:
  ///   - checkpoint: a run's directory, a checkpoint or a file of weights; nil for fresh weights.
  ///   - environment: may choose the kernels, none of which run.
  /// - Throws: `badData` where the checkpoint is damaged or another network's, `missingInput` where it is not there.
  public init(
    _ settings: TrainingSettings, checkpoint: String?, environment: [String: String]
  ) throws(Failure) {
    let network = Network(
      try Replica.graph(settings), capacity: 1, training: false,
      kernels: try InstructionSets.selected(environment: environment))
    let tensors = ParameterTensor.model(of: network)
    if let checkpoint {
      let opened = try Checkpoint.open(checkpoint)
      try opened.model.load(into: tensors, countersOf: network)
      classNames = opened.state?.classNames
    } else {
      classNames = nil
      network.initialize(settings.initialization, seed: settings.seed)
    }
    self.tensors = tensors
    integers = network.integers
  }
}
