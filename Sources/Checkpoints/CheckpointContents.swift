import Failures

/// What one save writes.
public struct CheckpointContents: Sendable {
  /// Where the run stands; its step names the checkpoint.
  public var state: CheckpointState
  /// Whether `best` shall point to it.
  public var isBest: Bool
  /// The parameters and running statistics, under PyTorch's names.
  public var model: [any TensorSource]
  /// The model's whole numbers, copied when the save is asked for.
  public var integers: [IntegerTensor]
  /// The optimizer's moments.
  public var optimizer: [any TensorSource]
  /// Copies what training is about to change to where the tensors are read from.
  public var copy: @Sendable () -> Void

  public init(
    state: CheckpointState, isBest: Bool = false, model: [any TensorSource], integers: [IntegerTensor] = [],
    optimizer: [any TensorSource], copy: @escaping @Sendable () -> Void = {}
  ) {
    self.state = state
    self.isBest = isBest
    self.model = model
    self.integers = integers
    self.optimizer = optimizer
    self.copy = copy
  }

  /// Bytes of the tensors.
  var bytes: Int {
    let floats = (model + optimizer).reduce(0) { $0 + $1.shape.reduce(1, *) }
    return floats * MemoryLayout<Float>.size
      + integers.reduce(0) { $0 + $1.values.count * MemoryLayout<Int64>.size }
  }
}

/// Where a save stands, in the order of things: where tests stop it, and where a fault can be injected.
public enum SaveStage: String, CaseIterable, Sendable {
  /// The temporary directory is there, and empty.
  case open
  /// The model is written, the optimizer is not.
  case middle
  /// All is written, nothing is on the disk.
  case beforeSync = "before-fsync"
  /// The tensors' files are on the disk.
  case afterSync = "after-fsync"
  /// All is on the disk and read back, under the temporary name.
  case beforeRename = "before-rename"
  /// It has its name, which is not on the disk.
  case beforeDirectorySync = "before-directory-fsync"
  /// It is published, and `last` points to an older one.
  case beforeLinks = "before-links"
  /// `last` and `best` are right, older ones are still there.
  case beforeRotation = "before-rotation"
  /// An older one has lost its name but not its files.
  case rotating
}

/// Told every stage of a save; throws to make it fail there.
public typealias SaveObserver = @Sendable (SaveStage) throws(Failure) -> Void
