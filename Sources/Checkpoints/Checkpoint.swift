import Failures
import Files

/// A checkpoint that was opened and proven: every size, header and checksum is right.
public struct Checkpoint: Sendable {
  /// The directory, or the bare file of weights.
  public let path: String
  /// Where the run stood; nil for a bare file.
  public let state: CheckpointState?
  public let model: SafetensorsReader
  /// The optimizer's moments; nil for a bare file.
  public let optimizer: SafetensorsReader?

  static let modelName = "model.safetensors"
  static let optimizerName = "optimizer.safetensors"
  static let stateName = "state.json"

  /// Opens what a user names: a checkpoint's directory, `last` or `best`, a run's directory (its newest
  /// checkpoint), or a file of weights.
  ///
  /// - Throws: `missingInput` when it is not there, `badData` when it is damaged or nothing of the kind.
  public static func open(_ path: String) throws(Failure) -> Checkpoint {
    switch Directory.kind(path) {
    case nil:
      throw Failure(.missingInput, "no such checkpoint", at: path)
    case .directory:
      return try Checkpoint(directory: try resolve(path))
    case .file, .other:
      let model = try SafetensorsReader(path)
      try model.verify()
      return Checkpoint(path: path, state: nil, model: model, optimizer: nil)
    }
  }

  /// The checkpoint's directory in a directory that a user named.
  private static func resolve(_ named: String) throws(Failure) -> String {
    // A run that goes on may point `last` elsewhere while the files are opened one by one.
    let path = Directory.followed(named)
    if Directory.kind("\(path)/\(stateName)") != nil { return path }
    for directory in ["\(path)/checkpoints", path] where Directory.kind(directory) == .directory {
      if let step = try CheckpointStore.steps(in: directory).last {
        return "\(directory)/\(CheckpointStore.name(ofStep: step))"
      }
    }
    if CheckpointStore.step(ofName: lastComponent(path)) != nil {
      throw Failure(.badData, "damaged: it has no \(stateName)", at: path)
    }
    throw Failure(.missingInput, "no checkpoint in this directory", at: path)
  }

  private static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// Opens and proves a checkpoint's directory.
  init(directory: String) throws(Failure) {
    path = directory
    let state = try CheckpointState(reading: "\(directory)/\(Self.stateName)")
    self.state = state
    model = try SafetensorsReader(
      "\(directory)/\(Self.modelName)", expected: state.modelFile, missing: .badData)
    let optimizer = try SafetensorsReader(
      "\(directory)/\(Self.optimizerName)", expected: state.optimizerFile, missing: .badData)
    self.optimizer = optimizer
    try model.verify()
    try optimizer.verify()
  }

  private init(
    path: String, state: CheckpointState?, model: SafetensorsReader, optimizer: SafetensorsReader?
  ) {
    self.path = path
    self.state = state
    self.model = model
    self.optimizer = optimizer
  }
}
